"""From order parameters to the curves of a Solution."""

from typing import Any

from .single_site import Physics

NAMES = (
    "train_loss",
    "test_loss",
    "variance",
    "misalignment",
    "linear_power",
    "teacher_overlap",
    "mean_power",
    "bulk_power",
)


def curves_of(physics: Physics, train_loss, overlap, common_power, odd_power, private_power) -> dict[str, Any]:
    """Losses and powers at equal time: the test loss is quadratic in the weights and needs no fresh samples.

    variance (1/4)(ae (V + dm + Ct + dQ) - 1)^2, misalignment (1/2)(ae dm - 1)^2 + ae^2 m^2 Ct + (ae^2/2)(Ct^2 + V^2),
    linear power alpha^2 V, with dm = m^2 - m0^2 and dQ = Q - Q(0) if centred, m^2 and Q if not.
    """
    ae = physics.alpha * physics.curvature
    moved = overlap**2 - physics.centred * physics.teacher_overlap**2
    spread = private_power - physics.centred * (1.0 - physics.teacher_overlap**2)
    variance = 0.25 * (ae * (common_power + moved + odd_power + spread) - 1.0) ** 2
    misalignment = (
        0.5 * (ae * moved - 1.0) ** 2 + ae**2 * overlap**2 * odd_power + 0.5 * ae**2 * (odd_power**2 + common_power**2)
    )
    linear_power = physics.alpha**2 * common_power
    total = variance + misalignment + linear_power
    values = (train_loss, total, variance, misalignment, linear_power, overlap, common_power, private_power)
    return dict(zip(NAMES, values, strict=True))
