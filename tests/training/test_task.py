import math

import pytest
import torch

from impasto.errors import InvalidOption
from impasto.nets import registry
from impasto.perceptual.criterion import PerceptualCriterion
from impasto.training.config import TrainConfig
from impasto.training.distributed import World
from impasto.training.task import StyledNetwork, StyleTask, Teacher, _deal_styles, style_targets
from training.samples import TINY, SmallEyes


def chance(seed=0):
    return torch.Generator().manual_seed(seed)


def make_model(network=TINY, styles=3, seed=0):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = StyledNetwork(registry.build(network), styles)
        with torch.no_grad():
            model.vectors += 0.1 * torch.randn(model.vectors.shape)
    return model


def make_task(styles=3, bf16=False, steps=100, rank=0, **options):
    config = TrainConfig(**{"size": (64,), **options})
    criterion = PerceptualCriterion(SmallEyes(), family=config.losses)
    paintings = torch.rand(styles, 3, 64, 80, generator=chance(1))
    return StyleTask(
        config, criterion, style_targets(criterion, list(paintings[:, None])), bf16, steps, World(rank, rank + 1)
    )


def photos(count=4, size=64):
    return torch.rand(count, 3, size, size, generator=chance(2))


@pytest.mark.parametrize(("count", "styles"), [(1, 1), (4, 1), (3, 8), (8, 8), (5, 3), (20, 7)])
def test_styles_are_dealt_evenly(count, styles):
    for seed in range(20):
        dealt = _deal_styles(count, styles, chance(seed))
        often = torch.bincount(dealt, minlength=styles)
        assert dealt.shape == (count,)
        assert often.max() - often.min() <= 1


def test_every_style_comes_equally_often_in_the_long_run_and_in_changing_order():
    generator = chance()
    hands = [tuple(_deal_styles(4, 8, generator).tolist()) for _ in range(800)]
    often = torch.bincount(torch.tensor(hands).flatten())
    assert often.min() > 330
    assert len(set(hands)) > 300


def test_each_picture_of_a_batch_is_painted_in_its_own_style():
    model, some = make_model(), photos(3)
    with torch.no_grad():
        together = model(some, torch.tensor([2, 0, 1]))
        alone = torch.cat([model(some[i : i + 1], torch.tensor([style])) for i, style in enumerate((2, 0, 1))])
    assert torch.allclose(together, alone, atol=1e-5)
    assert not torch.allclose(together, model(some, torch.tensor([0, 0, 0])), atol=1e-2)


def test_each_picture_is_compared_with_its_own_painting():
    task, model, some = make_task(), make_model(), photos()
    with torch.no_grad():
        _, terms = task.loss(model, some, 0)
        styles = _deal_styles(4, 3, chance(0))
        alone = []
        for photo, style in zip(some, styles, strict=True):
            target = {layer: gram[style : style + 1] for layer, gram in task.targets.items()}
            painted = model(photo[None], style[None])
            alone.append(task.criterion(painted, task.criterion.content_target(photo[None]), target).style)
    assert terms["style"].item() == pytest.approx(torch.cat(alone).mean().item(), rel=1e-5)


def test_the_style_weight_rises_over_its_part_of_the_run():
    task = make_task(style_weight=8.0, style_start=0.25, style_ramp=0.5)
    assert [task.weights(step)["style"] for step in (0, 25, 50, 99)] == [2.0, 5.0, 8.0, 8.0]


def test_a_style_weight_without_a_ramp_is_full_from_the_start():
    assert make_task(style_weight=8.0, style_ramp=0.0).weights(0)["style"] == 8.0


def test_the_loss_is_the_weighted_sum_of_its_terms():
    task = make_task(tv_weight=3.0, steady_weight=7.0)
    loss, terms = task.loss(make_model(), photos(), 40)
    weights = task.weights(40)
    assert set(terms) == set(weights) - {"teacher", "between"}
    assert loss.item() == pytest.approx(sum(weights[name] * term.item() for name, term in terms.items()), rel=1e-5)
    assert all(term.shape == () and term.dtype == torch.float32 for term in (loss, *terms.values()))


def test_terms_that_are_not_wanted_are_not_computed():
    _, terms = make_task(steady_weight=0.0, identity_weight=0.0).loss(make_model(), photos(), 0)
    assert set(terms) == {"content", "style", "tv", "range"}


def test_a_teachers_paintings_are_imitated_style_by_style():
    task, teacher, pupil, some = make_task(), make_model(seed=3), make_model(seed=4), photos()
    task.teacher = Teacher(teacher.net, teacher.vectors.detach())
    _, terms = task.loss(pupil, some, 0)
    styles = _deal_styles(4, 3, chance(0))
    expected = (pupil(some, styles) - teacher(some, styles)).square().mean()
    assert terms["teacher"].item() == pytest.approx(expected.item(), rel=1e-4)
    same = task.loss(teacher, some, 0)[1]
    assert same["teacher"].item() == pytest.approx(0, abs=1e-12)
    assert same["between"].item() == pytest.approx(0, abs=1e-12)


def test_what_lies_between_styles_is_imitated_too():
    task, teacher, pupil, some = make_task(), make_model(seed=3), make_model(seed=4), photos()
    task.teacher = Teacher(teacher.net, teacher.vectors.detach())
    errors = {task.loss(pupil, some, step)[1]["between"].item() for step in range(10)}
    assert min(errors) > 0
    assert len(errors) > 5
    alone = make_task(between_weight=0.0)
    alone.teacher = task.teacher
    assert "between" not in alone.loss(pupil, some, 0)[1]


def test_half_of_what_lies_between_is_a_styles_strength():
    task, teacher, some = make_task(steady_weight=0.0), make_model(seed=3), photos()
    task.teacher = Teacher(teacher.net, teacher.vectors.detach())
    pupil = make_model(seed=3)
    counted = torch.zeros(len(pupil.vectors))
    pupil.vectors.data[-1] += 1
    for step in range(40):
        pupil.zero_grad()
        task.loss(pupil, some, step)[1]["between"].backward()
        counted += pupil.vectors.grad.abs().sum(1) > 0
    assert counted[-1] > 20


def test_a_teacher_alone_needs_no_perceptual_network():
    task, teacher = make_task(content_weight=0.0, style_weight=0.0, teacher="some"), make_model(seed=3)
    task.teacher = Teacher(teacher.net, teacher.vectors.detach())
    task.criterion = None
    loss, terms = task.loss(make_model(), photos(), 0)
    assert set(terms) == {"tv", "range", "steady", "identity", "teacher", "between"}
    loss.backward()


def test_a_network_with_its_style_in_its_weights_learns_no_identity_and_only_one_style():
    model = make_model("johnson:norm=batch,channels=8", styles=1)
    _, terms = make_task(styles=1).loss(model, photos(), 0)
    assert "identity" not in terms
    with pytest.raises(InvalidOption, match="it takes 1 --style, not 2"):
        make_model("johnson:norm=batch,channels=8", styles=2)


def test_nothing_is_unsteady_without_noise_and_shift():
    _, terms = make_task(steady_noise=0.0, steady_shift=0).loss(make_model(), photos(), 0)
    assert terms["steady"].item() == pytest.approx(0, abs=1e-12)


class Copies(torch.nn.Module):
    """Copies photos, so that it is as steady as can be; with `bias` it adds to each pixel what depends on its place."""

    def __init__(self, bias=0.0):
        super().__init__()
        self.net = torch.nn.Module()
        self.net.stride, self.net.style_parameters = 4, 0
        self.bias = bias
        self.vectors = torch.nn.Parameter(torch.zeros(2, 1))

    def forward(self, pictures, styles):
        across = torch.arange(pictures.shape[3], dtype=torch.float32)
        return pictures + self.bias * across + 0 * self.vectors[styles].sum()


@pytest.mark.parametrize("size", [32, 36, 64])
def test_a_shift_alone_leaves_what_moves_with_the_photo_steady(size):
    task = make_task(styles=1, steady_noise=0.0, steady_shift=8, size=(size,))
    for step in range(10):
        _, terms = task.loss(Copies(), photos(size=size), step)
        assert terms["steady"].item() == 0


def test_what_does_not_move_with_the_photo_is_unsteady():
    task = make_task(styles=1, steady_noise=0.0, steady_shift=8)
    found = [task.loss(Copies(bias=0.01), photos(), step)[1]["steady"].item() for step in range(20)]
    # The bias of a pixel differs by 0.01 for each px of the shift across; across shifts of -8..8 the mean square is 24.
    assert sum(found) / 20 == pytest.approx(24 * 0.01**2, rel=0.5)


def test_noise_that_is_copied_is_unsteady_by_its_variance():
    _, terms = make_task(styles=1, steady_noise=0.1, steady_shift=0).loss(Copies(), photos(), 0)
    assert terms["steady"].item() == pytest.approx(0.01, rel=0.1)


def test_a_large_shift_compares_no_pixels_that_came_round():
    task = make_task(styles=1, steady_noise=0.0, steady_shift=32, size=(128,))
    for step in range(10):
        _, terms = task.loss(Copies(), photos(2, 128), step)
        assert terms["steady"].item() == 0


def test_the_loss_is_a_function_of_seed_and_step_and_each_process_has_its_share():
    model, some = make_model(), photos()

    def value(step, **options):
        with torch.no_grad():
            return make_task(**options).loss(model, some, step)[0].item()

    torch.rand(3)
    again = value(5)
    assert value(5) == again
    assert len({again, value(6), value(5, seed=1), value(5, rank=1)}) == 4
    assert math.isfinite(value(10**6, seed=2**31 - 1, rank=3))


def test_the_loss_leaves_the_global_random_state_alone():
    before = torch.get_rng_state()
    make_task().loss(make_model(), photos(), 3)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_any_batch_size_gives_gradients_to_all_that_is_learned(count):
    model = make_model(styles=1)
    loss, _ = make_task(styles=1).loss(model, photos(count), 10)
    loss.backward()
    assert all(p.grad is not None and p.grad.isfinite().all() and p.grad.any() for p in model.parameters())


def test_bfloat16_networks_give_float32_losses_close_to_those_of_float32():
    model, some = make_model(), photos()
    exact, terms = make_task().loss(model, some, 0)
    rough, rough_terms = make_task(bf16=True).loss(model, some, 0)
    rough.backward()
    assert rough.dtype == torch.float32
    assert rough.item() != exact.item()
    assert rough.item() == pytest.approx(exact.item(), rel=0.05)
    assert {term.dtype for term in rough_terms.values()} == {torch.float32}
    assert model.vectors.grad.dtype == torch.float32
    assert terms["tv"].item() == pytest.approx(rough_terms["tv"].item(), rel=0.1)


def test_absolute_losses_have_the_absolute_total_variation():
    _, terms = make_task(losses="absolute").loss(make_model(), photos(), 0)
    _, relative = make_task().loss(make_model(), photos(), 0)
    assert terms["tv"] > 1e6 * relative["tv"]


def test_style_targets_are_stacked_in_order():
    criterion = PerceptualCriterion(SmallEyes())
    paintings = [torch.rand(1, 3, 64, 48), torch.rand(1, 3, 40, 100)]
    targets = style_targets(criterion, paintings)
    assert {gram.shape for gram in targets.values()} == {(2, 8, 8)}
    for layer, gram in criterion.style_target(paintings[1]).items():
        assert torch.equal(targets[layer][1:], gram)


@pytest.mark.parametrize("each", [4, 8])
def test_two_processes_have_the_loss_of_one_with_twice_the_batch(each):
    model, some = make_model(), photos(2 * each)
    with torch.no_grad():
        whole, terms = make_task().loss(model, some, 7)
        task, parts = make_task(), []
        for rank in (0, 1):
            task.world = World(rank, 2)
            parts.append(task.loss(model, some[rank::2], 7))
    assert float(sum(loss for loss, _ in parts) / 2) == pytest.approx(float(whole), rel=1e-5)
    for name, term in terms.items():
        assert float(sum(found[name] for _, found in parts) / 2) == pytest.approx(float(term), rel=1e-5)


def test_a_balance_changes_the_loss_but_not_what_is_reported():
    model, some = make_model(), photos()
    task = make_task()
    with torch.no_grad():
        before, terms = task.loss(model, some, 50)
        task.balance = torch.tensor([2.0, 2.0, 2.0])
        after, same = task.loss(model, some, 50)
    assert all(torch.equal(terms[name], same[name]) for name in terms)
    assert float(after - before) == pytest.approx(task.weights(50)["style"] * float(terms["style"]), rel=1e-4)
