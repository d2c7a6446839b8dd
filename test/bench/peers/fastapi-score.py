"""The reward model behind FastAPI, as one writes it with care: solutions of all clients go through transformers together.

A batch leaves when its padded tokens fill the budget, or when its first solution has waited for the time given; while one is
computed, in a thread of its own, others gather. The oldest is always part of the next batch; the rest of it is what is
closest in length, so that little is padded. Only the hidden states at the tags meet the two rows of the output matrix.
"""
import asyncio
import json
import os
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass

os.environ["HF_HUB_OFFLINE"] = "1"
import torch
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from transformers import AutoModelForCausalLM, AutoTokenizer

workload = json.load(open(sys.argv[1]))
torch.set_num_threads(workload["peerThreads"])
tokenizer = AutoTokenizer.from_pretrained(workload["model"])
model = AutoModelForCausalLM.from_pretrained(workload["model"], dtype=torch.float32).eval()
head = model.get_output_embeddings().weight[workload["candidates"]].detach()  # [2, hidden]


class Solution(BaseModel):
    question: str
    steps: list[str]


class Scores(BaseModel):
    stepScores: list[float]
    numTokens: int


@dataclass
class Waiting:
    ids: list[int]
    positions: list[int]
    arrived: float
    scored: asyncio.Future


def encode(solution):
    prompt = workload["prompt"]["before"] + solution.question + workload["prompt"]["after"]
    texts = [prompt + solution.steps[0], *solution.steps[1:]]
    ids, positions = list(workload["idsBefore"]), []
    for piece in tokenizer(texts, add_special_tokens=False).input_ids:
        ids += piece + workload["tagIds"]
        positions.append(len(ids) - 1)
    return ids, positions


@torch.inference_mode()
def forward(batch):
    longest = max(len(one.ids) for one in batch)
    ids = torch.tensor([one.ids + [0] * (longest - len(one.ids)) for one in batch])
    # Padded on the right, causal: no token sees the padding, so no mask is needed.
    hidden = model.base_model(input_ids=ids, use_cache=False).last_hidden_state  # [batch, longest, hidden]
    rows = torch.tensor([row for row, one in enumerate(batch) for _ in one.positions])
    columns = torch.tensor([position for one in batch for position in one.positions])
    scores = torch.softmax(hidden[rows, columns] @ head.T, dim=-1)[:, 0].tolist()
    taken = iter(scores)
    return [[next(taken) for _ in one.positions] for one in batch]


class Batcher:
    def __init__(self):
        self.waiting = []
        self.arrival = asyncio.Event()
        self.thread = ThreadPoolExecutor(1)

    async def score(self, ids, positions):
        loop = asyncio.get_running_loop()
        one = Waiting(ids, positions, loop.time(), loop.create_future())
        self.waiting.append(one)
        self.arrival.set()
        return await one.scored

    def take(self):
        """The batch that could leave now, and whether it is full."""
        oldest, *others = self.waiting
        batch, longest = [oldest], len(oldest.ids)
        for one in sorted(others, key=lambda other: abs(len(other.ids) - len(oldest.ids))):
            if max(longest, len(one.ids)) * (len(batch) + 1) > workload["peerBatchTokens"]:
                return batch, True
            batch.append(one)
            longest = max(longest, len(one.ids))
        return batch, longest * len(batch) >= workload["peerBatchTokens"]

    async def gather(self):
        while not self.waiting:
            self.arrival.clear()
            await self.arrival.wait()
        loop = asyncio.get_running_loop()
        while True:
            batch, full = self.take()
            left = self.waiting[0].arrived + workload["batchWaitMs"] / 1000 - loop.time()
            if full or left <= 0:
                break
            self.arrival.clear()
            try:
                await asyncio.wait_for(self.arrival.wait(), left)
            except asyncio.TimeoutError:
                pass
        chosen = set(map(id, batch))
        self.waiting = [one for one in self.waiting if id(one) not in chosen]
        return batch

    async def run(self):
        loop = asyncio.get_running_loop()
        while True:
            batch = await self.gather()
            try:
                for one, scores in zip(batch, await loop.run_in_executor(self.thread, forward, batch)):
                    if not one.scored.done():
                        one.scored.set_result(scores)
            except Exception as error:
                for one in batch:
                    if not one.scored.done():
                        one.scored.set_exception(error)


batcher = Batcher()


@asynccontextmanager
async def lifespan(_):
    running = asyncio.create_task(batcher.run())
    yield
    running.cancel()


app = FastAPI(lifespan=lifespan)


@app.post("/v1/score")
async def score(solution: Solution) -> Scores:
    ids, positions = encode(solution)
    return Scores(stepScores=await batcher.score(ids, positions), numTokens=len(ids))


listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(4096)
print(json.dumps({"url": f"http://127.0.0.1:{listener.getsockname()[1]}"}), flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False)).run(sockets=[listener])
