"""The training recipes of image models: the paper's, and one for small pictures and few pairs.

`paper` is the default. `small` deviates from the paper in four ways:

- the exclusive codes start above their noise (`start_exclusive_codes`);
- training pictures of `paired` data are loaded 12 % larger and cropped at random;
- they are mirrored at random;
- digits of MNIST-CDCB get new colours in each draw, instead of one fixed pair of colours.

The shipped image models were trained with `small`.
"""

from typing import Literal

from torch import nn

from model.iiae import IIAE

RecipeName = Literal["paper", "small"]
START_SPREAD, START_LOG_VAR = 2.0, -4.0


def start_exclusive_codes(iiae: IIAE) -> None:
    """Start the means of q(zx|x) and q(zy|y) above their noise: sigma = e^-2 for all pictures.

    At 256x256 the last layer's 65,536 inputs give such a start by themselves. With smaller pictures the means
    start below the noise. The decoder then learns to ignore zx, and zs takes up exclusive information, which
    it loses only slowly later.
    """
    for encoder in iiae.q_z.values():
        assert isinstance(encoder, nn.Sequential)
        last = encoder[-1]
        assert isinstance(last, nn.Linear)
        mean_weight, log_var_weight = last.weight.data.chunk(2)
        mean_bias, log_var_bias = last.bias.data.chunk(2)
        nn.init.normal_(mean_weight, 0.0, START_SPREAD / last.in_features**0.5)
        nn.init.zeros_(log_var_weight)
        nn.init.zeros_(mean_bias)
        nn.init.constant_(log_var_bias, START_LOG_VAR)
