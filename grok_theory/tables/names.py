"""What columns of training logs are called in the wild, and what follows from a name."""

from __future__ import annotations

import re

# In the order of preference.
X_NAMES = (
    *("step", "steps", "global_step", "_step", "epoch", "epochs", "iteration", "iter", "time", "t", "x"),
    *("iterations", "iters", "update", "updates", "num_updates", "training_step", "train_step", "optimizer_step"),
    *("n_iter", "it", "batch", "batches", "tokens", "tokens_seen", "samples_seen", "examples_seen"),
    *("relative_time", "wall_time"),
)
RUN_NAMES = ("run", "run_id", "run_name", "file", "file_of_run", "seed", "trial", "experiment", "exp")
_COUNTED = ("step", "steps", "iteration", "iterations", "iters", "epoch", "epochs", "updates")
# What differs between runs, and stays the same where one is resumed.
SETTING_WORDS = {
    *("seed", "run", "trial", "experiment", "exp", "model", "config", "setting", "variant", "replicate", "rep", "fold"),
    *("lr", "wd", "decay", "width", "depth", "fraction", "modulus", "optimizer"),
}
# What changes where a run is resumed.
RESUMED_WORDS = {
    *("session", "restart", "restarts", "resume", "resumed", "resumption", "attempt", "job", "slurm", "pid", "process"),
    *("host", "hostname", "node", "machine", "device", "gpu", "rank", "checkpoint", "ckpt", "segment", "chunk"),
    *("date", "datetime", "timestamp", "created", "logged", "version", "commit", "file", "line", "index", "note"),
}
TRAIN_WORDS = ("train", "training", "tr")
TEST_WORDS = ("test", "te", "val", "valid", "validation", "eval", "evaluation", "dev", "heldout", "holdout")
_RISES = {"acc", "accuracy", "accuracies", "top1", "top5", "em", "f1", "auc", "auroc", "bleu", "correct"}
_FALLS = {
    *("loss", "losses", "nll", "ce", "xent", "bce", "mse", "rmse", "mae", "error", "err", "perplexity", "ppl"),
    *("objective", "risk", "wer", "cer", "crossentropy"),
}
# Another reading of the same curve: these words do not make it another metric.
_REDUCTIONS = {"epoch", "step", "mean", "avg", "average"}
# Said as a second word, it turns the first one around: top-1 error, a loss of accuracy.
_HEADS = {"error", "err", "errors", "loss", "losses"}
_ALIKE = {"acc": "accuracy", "accuracies": "accuracy", "losses": "loss", "err": "error"}
# What turns the meaning of a metric around.
_REVERSES = {"minus", "neg", "negative", "inverse", "in"}


# What a column measures where its name says more than "loss"; they fill "by its name ..." and "the theory's is ...".
MEAN_SQUARE, ROOT, CROSS_ENTROPY = "a mean of squares", "the root of a mean of squares", "a cross-entropy"
_MEASURES = {
    MEAN_SQUARE: {"mse", "squared", "squares", "square", "l2"},
    ROOT: {"rmse", "root", "sqrt"},
    CROSS_ENTROPY: {"nll", "ce", "xent", "bce", "crossentropy", "entropy", "likelihood", "bpb", "bpc", "logloss"},
    "a mean of absolute errors": {"mae", "absolute", "abs", "l1"},
    "a perplexity": {"perplexity", "ppl"},
    "a share of wrong answers": {"wer", "cer"},
    "a loss of margins": {"hinge"},
    "a loss that is not squared throughout": {"huber", "smooth"},
}


def words(name: str) -> tuple[str, ...]:
    """The words of a column's name: `trainLoss`, `train/loss`, `Train Loss` and `trainloss` are train, loss."""
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name).lower()
    found: list[str] = []
    for word in re.findall(r"[a-z]+[0-9]*|[0-9]+", spaced):
        split = next((s for s in (*TRAIN_WORDS, *TEST_WORDS) if word.startswith(s) and word[len(s) :] in _METRICS), "")
        found += [split, word[len(split) :]] if split else [word]
    joined = " ".join(found).replace("cross entropy", "crossentropy").replace("exact match", "em")
    joined = joined.replace("hold out", "holdout").replace("held out", "heldout")
    return tuple(joined.replace("top 1", "top1").replace("top 5", "top5").split())


def plain_name(name: str) -> str:
    """A name from a file as one may print it: with line ends or control characters in it, as Python writes it."""
    return name if name.isprintable() else repr(name)


def called(name: str) -> str:
    """A column's name without the folder it stands in and its unit: `trainer/globalStep [k]` is called global_step."""
    bare = re.sub(r"\s*[\[(].*[\])]\s*$", "", name.split("/")[-1])
    return re.sub(r"[\s\-]+", "_", re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", bare.strip())).lower()


def counts_time(name: str) -> bool:
    """Whether a column is called as times are: a name of `X_NAMES`, or what ends in steps, epochs ... and no curve."""
    said = words(name)
    return called(name) in X_NAMES or (bool(said) and said[-1] in _COUNTED and rises(name) is None)


def part(name: str) -> str | None:
    """ "train", "test", or None where the name says neither or both."""
    said = words(name)
    found = {which for which, known in (("train", TRAIN_WORDS), ("test", TEST_WORDS)) if set(known) & set(said)}
    return found.pop() if len(found) == 1 else None


def rises(name: str) -> bool | None:
    """True for what is called an accuracy, False for a loss or an error, None where the name does not say."""
    said = words(name)
    if set(said) & _REVERSES or re.search(r"(^|[^a-z0-9])1\s*-", name.lower()):
        return None
    up, down = bool(set(said) & _RISES), bool(set(said) & _FALLS)
    if up and down:
        kinds = [word for word in said if word in _RISES | _FALLS]
        return False if kinds[-1] in _HEADS else None
    return None if up == down else up


def is_share(name: str) -> bool:
    """True for accuracies and error rates, which are written as fractions or in per cent."""
    said = set(words(name))
    an_error = rises(name) is False and bool({"error", "err"} & said)
    return bool(rises(name)) or (an_error and bool(said & (_RISES | {"rate", "classification"})))


def may_be_share(name: str) -> bool:
    """True for a plain error: a mean square, or a share of wrong answers."""
    return rises(name) is False and metric(name) == ("error",)


def metric(name: str) -> tuple[str, ...]:
    """What is measured: the words of a name without train or test, and without how it was averaged."""
    said = [_ALIKE.get(word, word) for word in words(name) if word not in (*TRAIN_WORDS, *TEST_WORDS)]
    return tuple(word for word in said if word not in _REDUCTIONS)


def measure(name: str) -> str | None:
    """What a column that is no accuracy measures, where its name says so and not two things; None where it does not.

    A plain loss, error, risk or objective may be any of them. A root of a mean square has both words and is the root.
    """
    if rises(name) is True:
        return None
    said = set(words(name))
    found = [kind for kind, known in _MEASURES.items() if said & known]
    # The folder `log/` says nothing.
    if not found and re.search(r"\blog loss\b", " ".join(words(called(name)))):
        return CROSS_ENTROPY
    if not found and (is_share(name) or said & _RISES):
        return "a share of wrong answers"
    if set(found) == {MEAN_SQUARE, ROOT}:
        return ROOT
    # A penalty is added to a loss of any kind: l1 and l2 beside another word say nothing of it.
    found = [kind for kind in found if said & (_MEASURES[kind] - {"l1", "l2"})] or found
    return found[0] if len(found) == 1 else None


_METRICS = _RISES | _FALLS
