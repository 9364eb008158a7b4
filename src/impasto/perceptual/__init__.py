"""What a picture looks like to VGG-19: features, and the losses that compare them."""
