"""Dynamical mean-field theory of the quadratic committee: a causal sweep over two-time kernels, for descent and flow.

`grids`, `paths` what is marched over - `kernels` the weight side, `gaussian_rows` and `single_site` the sample side,
`row_solve` the fixed point of a row, `marching` the sweep - `derivatives` batches and gradients - `curves`,
`interpolation`, `solve` the way to a Solution. Its settings are `lazy_rich.methods.DMFT`.
"""

from .solve import solve_dmft

__all__ = ["solve_dmft"]
