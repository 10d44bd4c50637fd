"""What a first solve does not wait for: libraries that only some doors need are imported where they are used."""

import subprocess
import sys

from grok_theory.rooms import WINGS

# Each takes as long to import as a small solve takes altogether.
LATE = {"scipy.stats", "scipy.optimize", "scipy.special", "diffrax", "optimistix", "matplotlib", "pandas", "sympy"}


def test_the_doors_of_all_wings_import_no_library_that_few_need():
    script = (
        "import jax, sys; jax.config.update('jax_enable_x64', True)\n"
        "import grok_theory as gt\n"
        f"for wing in {tuple(WINGS)}: getattr(gt, wing).solve, getattr(gt, wing).simulate\n"
        "gt.kernels.ntk, gt.observables.grokking_delay\n"
        f"print(*sorted({LATE} & set(sys.modules)))\n"
        "gt.linear.solve(gt.linear.TeacherStudent(0.5, 5.0), [1.0])\n"
        f"print(*sorted({LATE} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout == "\n\n"
