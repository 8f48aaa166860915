"""Training and capabilities of pix2pix, BicycleGAN and CdDN, on small pictures."""

from dataclasses import replace

import pytest
import torch

from model.baselines import bicyclegan, cddn, pix2pix
from model.baselines.bicyclegan import BicycleGAN, StyleEncoder, latent_regression
from model.baselines.cddn import CdDN, Codes
from model.baselines.pix2pix import Pix2Pix
from model.baselines.translator import NotCapable, parameters_of, train_step
from model.data.synthetic import SyntheticPairs
from model.presets import PRESETS, SIDES

PRESET = replace(PRESETS["facades"], image_size=32, width=0.125)
SYSTEMS = [Pix2Pix, BicycleGAN, CdDN]


def batch(count=4):
    pairs = SyntheticPairs(count, 32)
    return tuple(torch.stack(side) for side in zip(*(pairs.pair(i, None) for i in range(count)), strict=True))


def system(kind):
    torch.manual_seed(0)
    return kind(PRESET)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def losses_of(trained, x, y, noise):
    """All losses of a step at the same weights, by their optimisers."""
    return {name: terms for losses in trained.phases(x, y, noise) for name, terms in losses.items()}


def terms_of(trained, x, y, noise):
    return {name: term for terms in losses_of(trained, x, y, noise).values() for name, term in terms.items()}


@pytest.mark.parametrize("kind", SYSTEMS)
def test_every_optimiser_changes_all_its_networks_and_no_others(kind):
    (x, y), reached = batch(), set()
    for optimiser in system(kind).trained_by:
        trained = system(kind)
        networks = trained.trained_by[optimiser]
        terms = losses_of(trained, x, y, seeded())[optimiser]
        named = dict(trained.named_parameters())
        inside = {name for name in named if name.startswith(tuple(f"{each}." for each in networks))}
        by_optimiser = parameters_of(trained.optimisers()[optimiser])
        assert {id(each) for each in by_optimiser} == {id(named[name]) for name in inside}
        found = torch.autograd.grad(sum(terms.values()), [named[name] for name in inside], allow_unused=True)
        moved = {name for name, each in zip(inside, found, strict=True) if each is not None}
        assert all(any(name.startswith(f"{each}.") for name in moved) for each in networks)
        reached |= moved
    assert reached == set(dict(system(kind).named_parameters()))


@pytest.mark.parametrize("kind", SYSTEMS)
def test_a_step_is_a_step_of_each_optimiser_from_the_same_weights(kind):
    """As written out here: the gradients of a phase first, then its steps."""
    (x, y), by_hand, trained = batch(), system(kind), system(kind)
    torch.manual_seed(1)
    train_step(trained, trained.optimisers(), x, y, seeded())
    optimisers = by_hand.optimisers()
    torch.manual_seed(1)
    for losses in by_hand.phases(x, y, seeded()):
        gradients = {}
        for name, terms in losses.items():
            by_hand.zero_grad()
            sum(terms.values()).backward(retain_graph=True)
            gradients[name] = [each.grad for each in parameters_of(optimisers[name])]
        for name, of_loss in gradients.items():
            for parameter, gradient in zip(parameters_of(optimisers[name]), of_loss, strict=True):
                parameter.grad = gradient
            optimisers[name].step()
    torch.testing.assert_close(trained.state_dict(), by_hand.state_dict())


def test_each_term_of_cddn_has_its_own_optimiser():
    """Adam makes steps of one size, so a term's weight and the other terms do not change its share."""
    trained, (x, y) = system(CdDN), batch()
    losses = losses_of(trained, x, y, seeded())
    del losses["critics"]
    assert {name: sorted(terms) for name, terms in losses.items()} == {
        **{name: [name] for name in losses if name != "codes"},
        "codes": ["codes_from_x", "codes_from_y"],
    }
    assert len(losses) == 8


@pytest.mark.parametrize(
    ("kind", "term", "steps"),
    [
        (Pix2Pix, "reconstruction_from_x", 8),
        (BicycleGAN, "reconstruction_from_x", 8),
        (CdDN, "autoencoder_y", 20),
    ],
)
def test_pairs_are_learned(kind, term, steps):
    torch.manual_seed(0)
    trained, (x, y) = kind(replace(PRESET, learning_rate=4e-3)), batch()
    optimisers = trained.optimisers()
    found = [train_step(trained, optimisers, x, y, seeded(step))[term].item() for step in range(steps)]
    assert found[-1] < 0.85 * found[0]


@pytest.mark.parametrize("kind", SYSTEMS)
def test_capabilities_are_what_a_system_can_do(kind):
    trained, (x, _) = system(kind).eval(), batch()
    for side in SIDES:
        assert trained.translate(side, x).shape == x.shape
    styled = "sampled_style" in trained.capabilities
    assert styled == (trained.style_size > 0)
    style = torch.ones(len(x), max(1, trained.style_size))
    if styled:
        assert not torch.allclose(trained.translate("x", x, style), trained.translate("x", x))
    else:
        with pytest.raises(NotCapable, match="sampled_style"):
            trained.translate("x", x, style)
    methods = {
        "reference_style": trained.style_of,
        "shared_codes": trained.shared,
        "exclusive_codes": trained.exclusive,
    }
    for capability, method in methods.items():
        if capability in trained.capabilities:
            assert len(method("x", x)) == len(x)
        else:
            with pytest.raises(NotCapable, match=capability):
                method("x", x)


def test_a_reference_is_encoded_by_the_direction_that_makes_its_domain():
    trained, (x, _) = system(BicycleGAN).eval(), batch()
    assert torch.equal(trained.style_of("y", x), trained.encoders["x"](x).mean)


@pytest.mark.parametrize("kind", SYSTEMS)
def test_a_translation_does_not_depend_on_the_batch(kind):
    trained, (x, _) = system(kind).eval(), batch()
    torch.testing.assert_close(
        trained.translate("x", x)[:1], trained.translate("x", x[:1]), atol=1e-5, rtol=0
    )


def test_latent_regression_trains_the_generator_and_not_the_encoder():
    torch.manual_seed(0)
    encoder, fake = StyleEncoder(32, 0.125, 8), batch()[0].requires_grad_(True)
    style = torch.randn(len(fake), 8)
    loss = latent_regression(encoder, fake, style)
    loss.backward()
    assert all(parameter.grad is None for parameter in encoder.parameters())
    assert fake.grad.abs().sum() > 0
    torch.testing.assert_close(loss, (encoder(fake).mean - style).abs().mean())


def test_bicyclegan_finds_the_random_style_again():
    """The style of the regression is the one that the picture was made with."""
    trained, (x, y) = system(BicycleGAN), batch()
    half = len(x) // 2
    random = torch.randn(half, 8, generator=seeded(3))
    terms = terms_of(trained, x, y, seeded(3))
    again = trained.encoders["x"](trained.translate("x", x[:half], random)).mean
    expected = 0.5 * (again - random).abs().mean()
    torch.testing.assert_close(terms["latent_from_x"], expected)


def test_bicyclegan_shares_out_the_pairs_of_a_step():
    """The random style's discriminator sees true pictures of other pairs than the encoded style's."""
    trained, (x, y) = system(BicycleGAN), batch()
    terms = terms_of(trained, x, y, seeded(3))
    other_y = torch.cat([y[: len(y) // 2], -y[len(y) // 2 :]])
    changed = terms_of(trained, x, other_y, seeded(3))
    assert changed["discriminator_random_from_x"] != terms["discriminator_random_from_x"]
    assert changed["discriminator_encoded_from_x"] == terms["discriminator_encoded_from_x"]


def test_the_exclusive_code_is_trained_against_the_decoder_that_uses_it(monkeypatch):
    """Without the reversal, the encoder would help the small decoder, which is trained the same."""
    (x, y), gradients = batch(), {}
    for kind in ("reversed", "plain"):
        if kind == "plain":
            monkeypatch.setattr(cddn, "reversed_gradient", lambda inputs: inputs)
        trained = system(CdDN)
        term = terms_of(trained, x, y, seeded())["exclusive_gan_from_x"]
        parts = (trained.encoders["x"].exclusive.weight, trained.exclusive_decoders["x"][1][0].weight)
        gradients[kind] = torch.autograd.grad(term, parts)
    (encoder, decoder), (plain_encoder, plain_decoder) = gradients["reversed"], gradients["plain"]
    assert encoder.abs().sum() > 0
    torch.testing.assert_close(encoder, -plain_encoder)
    torch.testing.assert_close(decoder, plain_decoder)


def test_autoencoders_take_the_partners_shared_code():
    trained, (x, y) = system(CdDN), batch()
    trained.train()
    gradients = torch.autograd.grad(
        terms_of(trained, x, y, seeded())["autoencoder_x"],
        list(trained.encoders["y"].shared.parameters()),
        allow_unused=True,
    )
    assert any(gradient is not None and gradient.abs().sum() > 0 for gradient in gradients)
    codes = Codes(trained.shared("y", y), trained.exclusive("x", x))
    assert trained.decode("x", codes).shape == x.shape


@pytest.mark.parametrize(
    ("kind", "terms", "score"),
    [
        (Pix2Pix, ("discriminator_from_x", "gan_from_x"), lambda t, x, p: t.discriminators["x"](x, p)),
        (
            BicycleGAN,
            ("discriminator_random_from_x", "gan_random_from_x"),
            lambda t, _, p: t.discriminators["x"]["random"](p)[0],
        ),
        (CdDN, ("critic_from_x", "gan_from_x"), lambda t, x, p: t.critics["x"](x, p)),
    ],
)
def test_discriminators_and_generators_work_against_each_other(kind, terms, score):
    """Discriminators learn to score real pictures higher than translations, which then get higher scores."""
    torch.manual_seed(0)
    trained, (x, y) = kind(replace(PRESET, learning_rate=2e-3)), batch()
    optimisers = trained.optimisers()

    @torch.no_grad()
    def scores():
        style = torch.ones(len(x), trained.style_size) if trained.style_size else None
        fake = trained.eval().translate("x", x, style)
        found = [score(trained, x, picture).mean().item() for picture in (y, fake)]
        trained.train()
        return found

    def steps(term):
        for number in range(6):
            trained.zero_grad()
            for name, losses in losses_of(trained, x, y, seeded(number)).items():
                if term in losses:
                    losses[term].backward()
                    optimisers[name].step()

    real, fake = scores()
    steps(terms[0])
    later_real, later_fake = scores()
    assert later_real - later_fake > real - fake
    steps(terms[1])
    assert scores()[1] > later_fake


@pytest.mark.parametrize(
    ("kind", "weights"),
    [
        (Pix2Pix, {"reconstruction_from_x": 100.0}),
        (BicycleGAN, {"reconstruction_from_x": 10.0, "kl_from_x": 0.01}),
        (CdDN, {"shared": 100.0, "exclusive_gan_from_x": 0.1}),
    ],
)
def test_terms_have_their_published_weights(kind, weights, monkeypatch):
    """Each module's constants say the weights; a term falls with its weight."""
    assert {
        Pix2Pix: (pix2pix.L1,),
        BicycleGAN: (bicyclegan.L1, bicyclegan.LATENT, bicyclegan.KL),
        CdDN: (cddn.L1, cddn.EXCLUSIVE_GAN, cddn.NOISE),
    }[kind] == {Pix2Pix: (100,), BicycleGAN: (10, 0.5, 0.01), CdDN: (100, 0.1, 0.1)}[kind]
    (x, y), module = batch(), {Pix2Pix: pix2pix, BicycleGAN: bicyclegan, CdDN: cddn}[kind]

    def terms():
        found = terms_of(system(kind), x, y, seeded())
        return {name: found[name].item() for name in weights}

    before = terms()
    for name in ("L1", "KL", "EXCLUSIVE_GAN"):
        if hasattr(module, name):
            monkeypatch.setattr(module, name, 2 * getattr(module, name))
    assert terms() == pytest.approx({name: 2 * value for name, value in before.items()}, rel=1e-4)


def test_only_real_pictures_set_cddns_statistics():
    trained, (x, y) = system(CdDN), batch()
    terms_of(trained, x, y, seeded())
    counts = {
        name: int(value)
        for name, value in trained.state_dict().items()
        if name.endswith("num_batches_tracked") and name.startswith(("encoders", "decoders"))
    }
    assert counts and set(counts.values()) == {1}
