"""Labels of ragged outcomes in numpy or torch, as one writes them without overflow: FOLDER numpy|torch THREADS ETAS."""
import json
import os
import sys
import time

import numpy as np

folder, library, threads, etas = sys.argv[1], sys.argv[2], int(sys.argv[3]), json.loads(sys.argv[4])
outcomes = np.fromfile(os.path.join(folder, "outcomes.f32"), np.float32)
offsets = np.fromfile(os.path.join(folder, "offsets.i32"), np.int32)
lengths = np.diff(offsets)


def with_numpy():
    """[etas + 2, prefixes]: for each eta, then soft and hard."""
    starts = offsets[:-1]
    largest = np.maximum.reduceat(outcomes, starts)
    soft = np.add.reduceat(outcomes, starts) / lengths
    below = outcomes - np.repeat(largest, lengths)
    rows = [largest + np.log(np.add.reduceat(np.exp(np.float32(eta) * below), starts) / lengths) / eta for eta in etas]
    return np.stack([*rows, soft, largest])


def torch_labels():
    import torch

    torch.set_num_threads(threads)
    numbers, counts = torch.from_numpy(outcomes), torch.from_numpy(lengths.astype(np.int64))

    def labels():
        largest = torch.segment_reduce(numbers, "max", lengths=counts)
        soft = torch.segment_reduce(numbers, "mean", lengths=counts)
        below = numbers - torch.repeat_interleave(largest, counts)
        rows = [largest + torch.log(torch.segment_reduce(torch.exp(eta * below), "mean", lengths=counts)) / eta for eta in etas]
        return torch.stack([*rows, soft, largest]).numpy()

    return labels


labels = with_numpy if library == "numpy" else torch_labels()
result = labels()  # the first call of a process pays for what later ones find ready
start = time.perf_counter()
result = labels()
seconds = time.perf_counter() - start
result.astype(np.float32).tofile(os.path.join(folder, f"{library}.f32"))
print(json.dumps({"seconds": seconds}))
