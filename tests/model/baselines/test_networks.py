"""What distinguishes the compared systems: skips, patches, the gradient penalty, the reversed gradient."""

import pytest
import torch
from torch import nn

from model.baselines.adversarial import (
    cross_entropy,
    gradient_penalty,
    least_squares,
    reversed_gradient,
    wasserstein,
)
from model.baselines.blocks import channels, halvings
from model.baselines.discriminators import PatchDiscriminator, TwoScales
from model.baselines.unet import UNet


def pictures(count=2, size=32, seed=0):
    return torch.rand(count, 3, size, size, generator=torch.Generator().manual_seed(seed)) * 2 - 1


@pytest.mark.parametrize("layer", [1, -1])
def test_a_unet_passes_details_around_its_inner_layers(layer):
    """Blind from the second layer on, or in the innermost, it still sees the picture through its skips."""
    unet = UNet(32, 0.125).eval()
    nn.init.zeros_(unet.encoder[layer][0].weight)
    first, second = unet(pictures(seed=0)), unet(pictures(seed=1))
    assert first.shape == (2, 3, 32, 32)
    assert (first - second).abs().mean() > 1e-3


def test_the_published_unet_has_eight_layers_and_drops_out_in_three_of_them():
    unet = UNet(256, 1.0)
    assert [layer[0].out_channels for layer in unet.encoder] == [64, 128, 256, 512, 512, 512, 512, 512]
    assert [layer[0].in_channels for layer in unet.decoder] == [512, 1024, 1024, 1024, 1024, 512, 256]
    dropped = [any(isinstance(each, nn.Dropout) for each in layer) for layer in unet.decoder]
    assert dropped == [True] * 3 + [False] * 4


def test_every_layer_sees_the_style():
    unet = UNet(32, 0.125, style_size=3, dropout=0.0)
    style = torch.zeros(2, 3)
    assert not torch.allclose(unet(pictures(), style), unet(pictures(), style + 1))
    inputs = [layer[0].in_channels for layer in unet.encoder]
    assert inputs == [3 + 3, *(channels(layer, 0.125) + 3 for layer in range(4))]


def test_a_patch_has_70_pixels_a_side():
    """Instance norm would see the whole picture, so it is taken out."""
    discriminator = PatchDiscriminator(256, 0.125, pictures=1)
    for layer in discriminator.layers:
        if isinstance(layer, nn.Sequential) and isinstance(layer[1], nn.InstanceNorm2d):
            layer[1] = nn.Identity()
    picture = pictures(1, 256).requires_grad_(True)
    logits = discriminator(picture)
    assert logits.shape[-2:] == (30, 30)
    logits[0, 0, 15, 15].backward()
    seen = picture.grad[0].abs().sum(0) > 0
    assert (int(seen.any(0).sum()), int(seen.any(1).sum())) == (70, 70)


def test_two_scales_see_the_picture_and_its_half():
    whole, half = TwoScales(256, 0.125)(pictures(1, 256))
    assert (whole.shape[-1], half.shape[-1]) == (30, 14)


def test_the_gradient_penalty_is_zero_where_the_gradient_has_norm_one():
    direction = torch.randn(3, 8, 8, generator=torch.Generator().manual_seed(0))
    direction /= direction.norm()
    real, fake, mix = pictures(4, 8), pictures(4, 8, seed=1), torch.rand(4)

    def critic(slope):
        return lambda condition, picture: slope * (picture * direction).sum((1, 2, 3))

    assert float(gradient_penalty(critic(1.0), real, real, fake, mix)) == pytest.approx(0, abs=1e-6)
    assert float(gradient_penalty(critic(3.0), real, real, fake, mix)) == pytest.approx(4, rel=1e-4)


def test_the_gradient_penalty_is_measured_between_fake_and_real():
    """The critic's gradient is twice the picture, so its norm says where it was measured."""
    real, fake = torch.zeros(1, 3, 8, 8), torch.ones(1, 3, 8, 8)
    places = [
        gradient_penalty(lambda _, p: p.square().sum((1, 2, 3)), real, real, fake, torch.tensor([mix])).item()
        for mix in (0.0, 0.5, 1.0)
    ]
    norm = 2 * (3 * 64) ** 0.5
    assert places == pytest.approx([(norm - 1) ** 2, (norm / 2 - 1) ** 2, 1.0], rel=1e-4)


def test_a_reversed_gradient_is_the_negative_one():
    inputs = torch.randn(5, requires_grad=True)
    outputs = reversed_gradient(inputs)
    assert torch.equal(outputs, inputs)
    (outputs * torch.arange(5.0)).sum().backward()
    assert torch.equal(inputs.grad, -torch.arange(5.0))


@pytest.mark.parametrize(
    "loss", [cross_entropy, lambda logits, real: least_squares([logits, logits], real=real)]
)
def test_adversarial_losses_fall_when_the_discriminator_is_right(loss):
    low, high = (torch.full((2, 1, 3, 3), value) for value in (0.1, 0.9))
    assert loss(high, real=True) < loss(low, real=True)
    assert loss(low, real=False) < loss(high, real=False)


def test_other_sizes_are_refused():
    for size in (16, 48):
        with pytest.raises(ValueError, match="power of two"):
            halvings(size)


def test_the_wasserstein_loss_is_how_much_more_the_fake_is_worth_than_the_real():
    """A linear critic whose gradient has norm 1 has no penalty."""
    direction = torch.ones(3, 8, 8) / (3 * 64) ** 0.5
    real, fake, mix = pictures(4, 8), pictures(4, 8, seed=1).requires_grad_(True), torch.rand(4)

    def critic(condition, picture):
        return (picture * direction).sum((1, 2, 3))

    expected = critic(real, fake).mean() - critic(real, real).mean()
    torch.testing.assert_close(
        wasserstein(critic, real, real, fake, mix), expected.detach(), atol=1e-5, rtol=0
    )
    twice = wasserstein(lambda condition, picture: 2 * critic(condition, picture), real, real, fake, mix)
    torch.testing.assert_close(twice, 2 * expected.detach() + 10, atol=1e-4, rtol=0)
    assert not twice.requires_grad  # fake pictures are detached, and this critic has no weights


def test_least_squares_and_cross_entropy_have_their_published_values():
    logits = torch.tensor([[0.5, -1.0]])
    assert least_squares([logits, logits], real=True).item() == pytest.approx(2 * (0.25 + 4) / 2)
    assert least_squares([logits], real=False).item() == pytest.approx((0.25 + 1) / 2)
    chance = torch.zeros(3)
    assert cross_entropy(chance, real=True).item() == pytest.approx(0.6931, abs=1e-4)
