"""The kinds of cars, and the range of each proportion."""

from dataclasses import dataclass

Range = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class BodyType:
    """Ranges from which one car's proportions are drawn.

    Attributes:
        share: how many of 100 cars are of this type.
        length: in metres.
        width: in metres, without mirrors.
        height: in metres.
        clear: clearance of the ground in metres.
        wheel: radius of the wheels in metres.
        nose: height of the bonnet's front, as a share of the car's height.
        belt: height of the windows' lower edge, as a share of the car's height.
        cowl: distance of the windscreen's foot from the front, as a share of the length.
        screen: length of the windscreen seen from above, as a share of the car's length.
        tail: distance of the rear window's foot from the front, as a share of the length.
        back: length of the rear window seen from above, as a share of the car's length.
        boxy: exponent of the superellipses; higher is more angular.
        windows: pairs of side windows.
        bed: an open bed is behind the cabin.
        panel: half of these cars have no side windows behind the doors.
    """

    share: int
    length: Range
    width: Range
    height: Range
    clear: Range
    wheel: Range
    nose: Range
    belt: Range
    cowl: Range
    screen: Range
    tail: Range
    back: Range
    boxy: Range
    windows: tuple[int, int]
    bed: bool = False
    panel: bool = False


# fmt: off
BODY_TYPES: dict[str, BodyType] = {
    "saloon": BodyType(
        share=20, length=(4.4, 5.0), width=(1.72, 1.88), height=(1.40, 1.52), clear=(.17, .21),
        wheel=(.30, .34), nose=(.48, .53), belt=(.61, .66), cowl=(.25, .29), screen=(.13, .17),
        tail=(.83, .88), back=(.11, .16), boxy=(3.6, 6.0), windows=(2, 2)),
    "hatchback": BodyType(
        share=18, length=(3.7, 4.3), width=(1.66, 1.80), height=(1.42, 1.56), clear=(.17, .21),
        wheel=(.29, .33), nose=(.48, .54), belt=(.60, .65), cowl=(.22, .27), screen=(.14, .18),
        tail=(.95, .97), back=(.07, .15), boxy=(3.4, 5.5), windows=(1, 2)),
    "city car": BodyType(
        share=8, length=(2.9, 3.5), width=(1.50, 1.64), height=(1.42, 1.60), clear=(.16, .20),
        wheel=(.26, .30), nose=(.48, .55), belt=(.58, .63), cowl=(.15, .21), screen=(.13, .18),
        tail=(.94, .97), back=(.03, .09), boxy=(3.0, 4.5), windows=(1, 2)),
    "estate": BodyType(
        share=10, length=(4.5, 5.0), width=(1.72, 1.88), height=(1.42, 1.54), clear=(.17, .22),
        wheel=(.30, .34), nose=(.48, .53), belt=(.60, .65), cowl=(.25, .29), screen=(.12, .16),
        tail=(.955, .975), back=(.04, .10), boxy=(3.8, 6.5), windows=(3, 3)),
    "coupe": BodyType(
        share=10, length=(4.2, 4.7), width=(1.74, 1.88), height=(1.26, 1.38), clear=(.14, .18),
        wheel=(.31, .35), nose=(.49, .54), belt=(.63, .68), cowl=(.28, .33), screen=(.15, .19),
        tail=(.90, .95), back=(.22, .30), boxy=(3.2, 5.0), windows=(1, 1)),
    "sports car": BodyType(
        share=8, length=(3.9, 4.5), width=(1.80, 1.95), height=(1.12, 1.24), clear=(.11, .14),
        wheel=(.32, .35), nose=(.44, .52), belt=(.66, .70), cowl=(.30, .40), screen=(.16, .20),
        tail=(.84, .93), back=(.20, .28), boxy=(2.8, 4.2), windows=(1, 1)),
    "SUV": BodyType(
        share=10, length=(4.3, 5.0), width=(1.80, 2.00), height=(1.66, 1.85), clear=(.24, .30),
        wheel=(.36, .41), nose=(.54, .59), belt=(.61, .65), cowl=(.25, .29), screen=(.09, .13),
        tail=(.955, .975), back=(.03, .09), boxy=(3.8, 6.0), windows=(2, 3)),
    "off-roader": BodyType(
        share=5, length=(3.7, 4.6), width=(1.65, 1.85), height=(1.78, 1.96), clear=(.27, .33),
        wheel=(.36, .42), nose=(.56, .60), belt=(.58, .62), cowl=(.28, .33), screen=(.02, .05),
        tail=(.965, .975), back=(.01, .02), boxy=(8.0, 12.), windows=(1, 3)),
    "people carrier": BodyType(
        share=4, length=(4.3, 4.9), width=(1.76, 1.92), height=(1.60, 1.76), clear=(.17, .21),
        wheel=(.31, .34), nose=(.45, .50), belt=(.56, .60), cowl=(.14, .19), screen=(.17, .22),
        tail=(.955, .975), back=(.04, .09), boxy=(3.6, 5.0), windows=(3, 3)),
    "van": BodyType(
        share=4, length=(4.6, 5.4), width=(1.84, 2.00), height=(1.90, 2.20), clear=(.19, .24),
        wheel=(.32, .35), nose=(.43, .49), belt=(.53, .57), cowl=(.09, .15), screen=(.12, .16),
        tail=(.970, .980), back=(.01, .02), boxy=(5.0, 8.0), windows=(2, 3), panel=True),
    "pick-up": BodyType(
        share=3, length=(4.9, 5.4), width=(1.76, 1.92), height=(1.66, 1.84), clear=(.24, .30),
        wheel=(.36, .41), nose=(.54, .58), belt=(.61, .64), cowl=(.23, .27), screen=(.09, .12),
        tail=(.52, .64), back=(.02, .05), boxy=(4.5, 8.0), windows=(1, 2), bed=True),
}
# fmt: on
