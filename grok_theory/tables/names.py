"""What columns of training logs are called in the wild, and what follows from a name."""

from __future__ import annotations

import re

# In the order of preference.
X_NAMES = ("step", "steps", "global_step", "_step", "epoch", "epochs", "iteration", "iter", "time", "t", "x")
RUN_NAMES = ("run", "run_id", "run_name", "seed", "trial")
TRAIN_WORDS = ("train", "training", "tr")
TEST_WORDS = ("test", "val", "valid", "validation", "eval", "evaluation", "dev", "heldout", "holdout")
_RISES = {"acc", "accuracy", "accuracies", "top1", "top5", "em", "f1", "auc", "auroc", "bleu", "correct"}
_FALLS = {
    *("loss", "losses", "nll", "ce", "xent", "bce", "mse", "rmse", "mae", "error", "err", "perplexity", "ppl"),
    *("objective", "risk", "wer", "cer", "crossentropy"),
}
# Another reading of the same curve: these words do not make it another metric.
_REDUCTIONS = {"epoch", "step", "mean", "avg", "average"}
_ALIKE = {"acc": "accuracy", "accuracies": "accuracy", "losses": "loss", "err": "error"}
# What turns the meaning of a metric around.
_REVERSES = {"minus", "neg", "negative", "inverse", "in"}


def words(name: str) -> tuple[str, ...]:
    """The words of a column's name: `trainLoss`, `train/loss`, `Train Loss` and `trainloss` are train, loss."""
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name).lower()
    found: list[str] = []
    for word in re.findall(r"[a-z]+[0-9]*|[0-9]+", spaced):
        split = next((s for s in (*TRAIN_WORDS, *TEST_WORDS) if word.startswith(s) and word[len(s) :] in _METRICS), "")
        found += [split, word[len(split) :]] if split else [word]
    joined = " ".join(found).replace("cross entropy", "crossentropy").replace("exact match", "em")
    return tuple(joined.replace("top 1", "top1").replace("top 5", "top5").split())


def called(name: str) -> str:
    """A column's name without the folder it stands in: `trainer/Global_Step` is called global_step."""
    return name.split("/")[-1].strip().lower()


def part(name: str) -> str | None:
    """ "train", "test", or None where the name says neither or both."""
    said = words(name)
    found = {which for which, known in (("train", TRAIN_WORDS), ("test", TEST_WORDS)) if set(known) & set(said)}
    return found.pop() if len(found) == 1 else None


def rises(name: str) -> bool | None:
    """True for what is called an accuracy, False for a loss or an error, None where the name does not say."""
    said = set(words(name))
    up, down = bool(said & _RISES), bool(said & _FALLS)
    return None if up == down or said & _REVERSES or re.match(r"\s*1\s*-", name) else up


def is_share(name: str) -> bool:
    """True for accuracies and error rates, which are written as fractions or in per cent."""
    said = set(words(name))
    return bool(rises(name)) or (rises(name) is False and {"error", "err"} & said != set() and "rate" in said)


def metric(name: str) -> tuple[str, ...]:
    """What is measured: the words of a name without train or test, and without how it was averaged."""
    said = [_ALIKE.get(word, word) for word in words(name) if word not in (*TRAIN_WORDS, *TEST_WORDS)]
    return tuple(word for word in said if word not in _REDUCTIONS)


_METRICS = _RISES | _FALLS
