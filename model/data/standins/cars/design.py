"""The design of one car: proportions and fittings, drawn at random from its body type."""

from dataclasses import dataclass

import numpy as np

from model.data.standins.cars.body_types import BODY_TYPES, BodyType, Range
from model.data.standins.cars.colours import Colours, draw_colours


@dataclass(frozen=True, kw_only=True)
class Fittings:
    """What a car has besides its shape. Numbers choose among styles; `livery` and `build` draw them."""

    lamps: int
    tail_lamps: int
    grille: int
    spokes: int
    rim_share: float
    rear_pillar: float
    bumpers: int
    stripe: int
    cladding: bool
    rack: bool
    spoiler: bool
    spare_wheel: bool


@dataclass(frozen=True, kw_only=True)
class Design:
    """One car, in metres. x is 0 in the car's middle and grows towards its front; z is 0 on the ground.

    Attributes:
        kind: name of the body type.
        length: from bumper to bumper.
        width: without mirrors.
        height: from the ground to the roof.
        clear: clearance of the ground.
        wheel: the wheels' radius.
        axles: x of the front and rear axle.
        nose: height of the bonnet's front.
        belt: height of the windows' lower edge.
        deck: height of the tail.
        cowl: x of the windscreen's foot.
        screen: x of the windscreen's top.
        tail: x of the rear window's foot.
        back: x of the rear window's top.
        lean: how far the side windows lean inwards.
        boxy: exponent of the superellipses.
        pillars: x of the pillars between the side windows, from the front.
        closed_from: x behind which the sides have no windows.
        bed: an open bed is behind the cabin.
        fittings: lamps, grille, wheels and the like.
        colours: colours of paint, roof and rims.
    """

    kind: str
    length: float
    width: float
    height: float
    clear: float
    wheel: float
    axles: tuple[float, float]
    nose: float
    belt: float
    deck: float
    cowl: float
    screen: float
    tail: float
    back: float
    lean: float
    boxy: float
    pillars: tuple[float, ...]
    closed_from: float
    bed: bool
    fittings: Fittings
    colours: Colours


def draw_design(seed: int, number: int) -> Design:
    """Return car `number`; the same for the same seed and number."""
    rng = np.random.default_rng((seed, number))
    kind = draw_kind(rng)
    return _design(kind, BODY_TYPES[kind], rng)


def draw_kind(rng: np.random.Generator) -> str:
    """Return the name of a body type, as often as its share says."""
    ends = np.cumsum([body.share for body in BODY_TYPES.values()])
    return list(BODY_TYPES)[int(np.searchsorted(ends, rng.integers(0, ends[-1]), side="right"))]


def _design(kind: str, body: BodyType, rng: np.random.Generator) -> Design:
    def draw(values: Range) -> float:
        return float(rng.uniform(*values))

    length, width, height, wheel = draw(body.length), draw(body.width), draw(body.height), draw(body.wheel)
    front = length / 2
    cowl, tail = front - draw(body.cowl) * length, front - draw(body.tail) * length
    screen, back = cowl - draw(body.screen) * length, tail + draw(body.back) * length
    front_axle = front - wheel - draw((0.40, 0.58))
    rear_axle = -front + wheel + draw((0.35, 0.75 if length > 4 else 0.45))
    belt = draw(body.belt) * height
    nose = min(draw(body.nose) * height, belt - 0.06)
    windows = int(rng.integers(body.windows[0], body.windows[1] + 1))
    pillars = _pillars(cowl - 0.75 * (cowl - screen), tail + 0.3 * (back - tail), windows, rng)
    fittings, colours = _fittings(kind, rng), draw_colours(rng)
    panel = body.panel and rng.random() < 0.5
    return Design(
        kind=kind,
        length=length,
        width=width,
        height=height,
        clear=draw(body.clear),
        wheel=wheel,
        axles=(front_axle, rear_axle),
        nose=nose,
        belt=belt,
        deck=belt * draw((0.98, 1.05)),
        cowl=cowl,
        screen=screen,
        tail=tail,
        back=back,
        lean=draw((0.08, 0.20)) * min(1.0, 4 / body.boxy[0]),
        boxy=draw(body.boxy),
        pillars=() if panel else pillars,
        closed_from=screen - 0.75 if panel else -front,
        bed=body.bed,
        fittings=fittings,
        colours=colours,
    )


def _pillars(front: float, rear: float, windows: int, rng: np.random.Generator) -> tuple[float, ...]:
    """Return x of the pillars that divide the sides into windows. A rear quarter window is short."""
    if windows == 1:
        return ()
    shares = {2: (0.52,), 3: (0.40, 0.76)}[windows]
    moved = float(rng.uniform(-0.04, 0.04))
    return tuple(front - (share + moved) * (front - rear) for share in shares)


def _fittings(kind: str, rng: np.random.Generator) -> Fittings:
    def happens(probability: float) -> bool:
        return bool(rng.random() < probability)

    rugged, family = kind in ("SUV", "off-roader", "pick-up"), kind in ("estate", "people carrier", "SUV")
    return Fittings(
        lamps=int(rng.integers(0, 5)),
        tail_lamps=int(rng.integers(0, 5)),
        grille=int(rng.integers(0, 5)),
        spokes=int(rng.integers(3, 11)),
        rim_share=float(rng.uniform(0.58, 0.76)),
        rear_pillar=float(rng.uniform(0.06, 0.30)),
        bumpers=int(rng.integers(0, 4)),
        stripe=int(rng.integers(0, 8)),
        cladding=happens(0.6 if rugged else 0.02),
        rack=happens(0.6 if family else 0.04),
        spoiler=happens(0.4 if kind in ("sports car", "coupe", "hatchback") else 0.05),
        spare_wheel=happens(0.8 if kind == "off-roader" else 0.0),
    )
