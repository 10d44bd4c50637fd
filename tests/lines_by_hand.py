"""The line of a forecast by its definition, in plain Python."""

import math


def logit(share):
    share = min(max(share, 0.005), 0.995)
    return math.log(share / (1 - share))


def line_by_definition(x, p, goal):
    """Loops and sums, the normal equations of the definition: (slope, level, remaining, rows, halved)."""
    k = len(p) - 1
    start = 0
    for row in range(k + 1):
        if p[row] <= p[k] / 2:
            start = row
    first = min(start, k - 4)
    rows = range(first, k + 1)
    n = len(rows)
    sx, sy = sum(x[i] for i in rows), sum(logit(p[i]) for i in rows)
    sxx = sum((x[i] - sx / n) ** 2 for i in rows)
    sxy = sum((x[i] - sx / n) * (logit(p[i]) - sy / n) for i in rows)
    slope, level = sxy / sxx, logit((p[k] + p[k - 1] + p[k - 2]) / 3)
    if slope * x[k] <= 1e-6:
        return slope, level, 3.0, n, k - start + 1
    y = math.log(1 + max(logit(goal) - level, 0) / (slope * x[k]))
    return slope, level, min(max(y, 0.03), 3.0), n, k - start + 1
