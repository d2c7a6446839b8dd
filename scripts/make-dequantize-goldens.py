"""Writes test/fixtures/dequantize.json: raw blocks of every GGUF type and the numbers the `gguf` package reads in them.

Each type gets blocks that the package quantized (where it can) and blocks of random bits whose scales are any finite
halves: zero, denormal, the largest, negative.

Run: python scripts/make-dequantize-goldens.py
"""

import base64
import json
import pathlib

import gguf
import numpy as np

OUT = pathlib.Path(__file__).resolve().parent.parent / "test" / "fixtures" / "dequantize.json"

WIDTH = 256
# Offsets of the halves in a block.
HALVES = {"F32": [], "F16": [0], "BF16": [], "Q8_0": [0], "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2],
          "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208]}
SPECIAL_HALVES = [0x0000, 0x8000, 0x0001, 0x83FF, 0x0400, 0x7BFF, 0xFBFF, 0x3C00]


def finite_halves(rng, count):
    """Random bit patterns, the special ones first, none of infinity or NaN."""
    bits = rng.integers(0, 1 << 16, count, dtype=np.uint16)
    bits[: len(SPECIAL_HALVES)] = SPECIAL_HALVES[:count]
    bits[(bits & 0x7C00) == 0x7C00] &= 0xBFFF
    return bits


def random_blocks(rng, name, rows):
    block_size, type_size = gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType[name]]
    if name == "F32":
        return rng.standard_normal((rows, WIDTH)).astype(np.float32).view(np.uint8)
    count = rows * WIDTH // block_size
    blocks = rng.integers(0, 256, (count, type_size), dtype=np.uint8)
    if name == "BF16":
        blocks[:, 1] &= 0xBF  # no infinity, no NaN
    for offset in HALVES[name]:
        halves = finite_halves(rng, count)
        rng.shuffle(halves)
        blocks[:, offset : offset + 2] = halves.astype("<u2").view(np.uint8).reshape(count, 2)
    return blocks.reshape(rows, -1)


def main():
    rng = np.random.default_rng(20250807)
    goldens = []
    for name in HALVES:
        kind = gguf.GGMLQuantizationType[name]
        raw = [random_blocks(rng, name, 8 if name.endswith("_K") else 2)]
        try:
            raw.append(gguf.quants.quantize(rng.standard_normal((1, WIDTH)).astype(np.float32), kind).view(np.uint8))
        except NotImplementedError:
            pass  # the package reads these types but does not write them
        raw = np.concatenate(raw)
        stored = {"F32": np.float32, "F16": np.float16}.get(name)
        numbers = gguf.quants.dequantize(raw.view(stored) if stored else raw, kind).astype(np.float32)
        goldens.append({
            "type": name,
            "shape": list(numbers.shape),
            "raw": base64.b64encode(raw.tobytes()).decode(),
            "numbers": base64.b64encode(numbers.astype("<f4").tobytes()).decode(),
        })
    OUT.write_text(json.dumps(goldens, indent=1) + "\n")


if __name__ == "__main__":
    main()
