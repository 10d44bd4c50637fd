"""Doors of the best_of_k wing: problems, theory, runs, recorded answers."""

from __future__ import annotations

import jax
import numpy as np

from benchmarks.doors.door import INF, NAN, Door, problem_door
from grok_theory import best_of_k as judge


def doors() -> list[Door]:
    key = jax.random.key(0)
    prompt = judge.Prompt(0.3, 1.0)
    draw = np.random.default_rng(0)
    scores, values = draw.standard_normal((3, 8)), (draw.random((3, 8)) < 0.5) * 1.0
    return [
        problem_door("best_of_k.Prompt", judge.Prompt, {"teacher_gap": 0.3, "reward_gap": 1.0}),
        problem_door(
            "best_of_k.Posterior",
            judge.Posterior,
            {"teacher_variance": 0.3, "reward_variance": 0.3, "covariance": 0.3},
            {"covariance": [0.31, -0.31]},
        ),
        problem_door(
            "best_of_k.LinearJudge",
            judge.LinearJudge,
            {"examples_per_dim": 2.0, "noise": 0.5, "prior_scale": 1.0},
            {"spectrum": [[1.0, 1e60]]},
        ),
        Door(
            "best_of_k.solve",
            judge.solve,
            {"problem": prompt, "samples": [1, 4], "temperature": 0.5},
            {"problem": "problem", "samples": "samples", "temperature": "temperature", "method": "method"},
        ),
        Door(
            "best_of_k.simulate",
            judge.simulate,
            {"problem": prompt, "samples": [1, 4], "temperature": 0.5, "runs": 2, "key": key, "test_points": 10},
            {"problem": "problem", "samples": "samples", "temperature": "temperature", "runs": "runs", "key": "key"},
            {"problem": [judge.Prompt(1e200, 1.0), judge.Prompt(0.3, -1e200)]},
            {"problem": "_gap"},
        ),
        Door(
            "best_of_k.from_records",
            judge.from_records,
            {"scores": scores, "values": values, "samples": [1, 4], "temperature": 0.5},
            {"temperature": "temperature", "confidence": "confidence"},
            {
                "scores": [[[NAN, 1.0]], "abc", []],
                "values": [[[NAN, 1.0]], np.ones((3, 9)), "abc", values * 1e200],
                "samples": [[0], [9], [2.5], [NAN], "abc"],
            },
        ),
        Door(
            "best_of_k.pass_at_k",
            judge.pass_at_k,
            {"values": values, "samples": [1, 4]},
            {},
            {"values": [[[0.5, NAN]], "abc"], "samples": [[0], [9], [2.5], [NAN], "abc"]},
        ),
        Door(
            "best_of_k.pass_curve",
            judge.pass_curve,
            {"values": values, "samples": [1, 4]},
            {"confidence": "confidence"},
            {"values": [[[0.5, NAN]], "abc", []], "samples": [[0], [9], [2.5], [NAN], "abc"]},
        ),
        Door(
            "best_of_k.vote_curve",
            judge.vote_curve,
            {"answers": [["a", "a", "b"], ["c", "d"]], "correct": ["a", "d"], "samples": [1, 2]},
            {"confidence": "confidence"},
            {
                "answers": [[], "abc", None, [[0.5, 1.5], ["c", "d"]], [["a", None], ["c", "d"]], ["a", "c"]],
                "correct": [["a"], "ab", [0.5, "d"], [["a"], ["d"]]],
                "samples": [[0], [9], [2.5], [NAN], "abc"],
            },
        ),
        Door(
            "best_of_k.majority",
            judge.majority,
            {"probabilities": [0.5, 0.3, 0.2], "samples": [1, 4]},
            {},
            {
                "probabilities": [[], 0.5, [0.5, 0.4], [1.2, -0.2], [NAN, 1.0], [INF, 1.0], "abc", None, [[0.5, 0.5]]],
                "samples": [0, [0], [2.5], NAN, [NAN], "abc", None, [], 10**6],
            },
        ),
        Door(
            "best_of_k.majority_of_counts",
            judge.majority_of_counts,
            {"counts": [3, 2, 1], "samples": [1, 4]},
            {},
            {
                "counts": [[], 3, [0, 0], [3, -1], [2.5, 4], [NAN, 5], "abc", None, [[3, 2]]],
                "samples": [0, [0], [7], [2.5], NAN, "abc", None, []],
            },
        ),
        Door(
            "best_of_k.beta_majority_at_k",
            judge.beta_majority_at_k,
            {"alpha": 0.5, "beta": 2.0, "samples": [1, 4]},
            {"alpha": "positive", "beta": "positive"},
            {"samples": [0, [0], [2.5], NAN, "abc", None, [], 10**9]},
        ),
        Door(
            "best_of_k.majority_limit",
            judge.majority_limit,
            {"probabilities": [0.5, 0.5]},
            {},
            {"probabilities": [[], 0.5, [0.5, 0.4], [1.2, -0.2], [NAN, 1.0], "abc", None]},
        ),
        Door(
            "best_of_k.majority_rate",
            judge.majority_rate,
            {"probabilities": [0.5, 0.5]},
            {},
            {"probabilities": [[], [1.0], [0.5, 0.4], [1.2, -0.2], [NAN, 1.0], "abc", None]},
        ),
        Door(
            "best_of_k.Records.judged",
            judge.Records(("a",), (np.array([1.0, NAN]),), (np.array([1.0, 0.0]),)).judged,
            {"failed": "drop"},
            {},
            {"failed": ["worst", "", None, 3, NAN, ["drop"]]},
        ),
        Door(
            "best_of_k.optimal_samples",
            judge.optimal_samples,
            {"problem": prompt, "temperature": 0.5},
            {"problem": "problem", "temperature": "temperature"},
            {"max_samples": [0.0, -1.0, NAN, "3", None]},
        ),
        Door(
            "best_of_k.optimal_temperature",
            judge.optimal_temperature,
            {"problem": prompt, "samples": 8},
            {"problem": "problem"},
            {"samples": [0, -1, NAN, "3", None]},
        ),
        Door(
            "best_of_k.solve far out",
            judge.solve,
            {"problem": prompt, "samples": [1, 4], "temperature": 0.5},
            {},
            {"samples": [[4.0, -INF], [1e400 * 0]], "temperature": [-1e-300, -INF]},
        ),
        Door(
            "best_of_k.fit, GaussianJudge",
            judge.fit,
            {"scores": scores, "values": values, "model": judge.GaussianJudge()},
            {},
            {
                "scores": [
                    np.where(scores == scores[1, 2], -1e30, scores),
                    np.where(scores == scores[1, 2], -1e3, scores),
                    np.where(scores == scores[1, 2], -INF, scores),
                ]
            },
        ),
    ]
