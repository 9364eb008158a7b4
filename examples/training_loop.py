"""A training loop of your own over Impasto's parts: network, perceptual losses, photos, export.

python examples/training_loop.py painting.jpg PHOTOS FOLDER 2000
"""

import sys
from pathlib import Path

import torch

from impasto.data import open_source, photo_batches
from impasto.export import write_model
from impasto.nets import registry
from impasto.perceptual.criterion import PerceptualCriterion
from impasto.perceptual.paintings import load_painting
from impasto.perceptual.weights import load_vgg19
from impasto.training.run import Trained

painting, photos, folder, steps = sys.argv[1], open_source(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
net, criterion = registry.build("impasto:channels=32"), PerceptualCriterion(load_vgg19())
mine, target = torch.nn.Parameter(net.new_style()[None]), criterion.style_target(load_painting(painting, 512))
optimizer = torch.optim.Adam([*net.parameters(), mine], 2e-3)
for step, batch in enumerate(photo_batches(photos, size=128, batch_size=4, seed=0, steps=steps, workers=0), 1):
    distances = criterion(net(batch / 255, mine), criterion.content_target(batch / 255), target)
    optimizer.zero_grad()
    (distances.content + 6 * distances.style).mean().backward()
    optimizer.step()
    print(f"{step}: content {distances.content.mean():.3f}, style {distances.style.mean():.3f}")
write_model(Trained(net.eval(), {"mine": mine[0].detach()}, {"steps": steps}), folder)
