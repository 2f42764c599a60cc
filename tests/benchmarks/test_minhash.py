"""MinHash, text in → signature out, five-word shingles, one core, beside rensa, daft and datasketch in one run."""

import time

import pyarrow as pa
import pytest

from pipelines.signals import minhash
from tests.benchmarks.answers import answers
from tests.benchmarks.peers import report, texts_per_second

SHINGLES = """
def shingles(text):
    words = text.lower().split()
    return {" ".join(words[k:k + 5]) for k in range(max(1, len(words) - 4))}
"""
RENSA = (
    SHINGLES
    + """
from rensa import RMinHash
def work(texts):
    for text in texts:
        made = RMinHash(num_perm=128, seed=42)
        made.update(list(shingles(text)))
        made.digest()
"""
)
DATASKETCH = (
    SHINGLES
    + """
import xxhash
from datasketch import MinHash
def work(texts):
    sets = [[shingle.encode() for shingle in shingles(text)] for text in texts]
    MinHash.bulk(sets, num_perm=128, hashfunc=xxhash.xxh32_intdigest)
"""
)
DAFT = """
import daft
def work(texts):
    frame = daft.from_pydict({"text": texts})
    try:
        hashed = daft.col("text").minhash(num_hashes=128, ngram_size=5, hash_function="xxhash3_64")
        frame.select(hashed).collect()
    except Exception:
        frame.select(daft.col("text").minhash(num_hashes=128, ngram_size=5)).collect()
"""
PEERS = {"rensa": (RENSA, 5.0), "daft": (DAFT, 3.0), "datasketch": (DATASKETCH, 10.0)}


def ours(texts: list[str], repeat: int = 3) -> float:
    column = pa.array(texts)
    minhash.signatures(column[:50])
    best = float("inf")
    for _ in range(repeat):
        start = time.process_time()
        minhash.signatures(column)
        best = min(best, time.process_time() - start)
    return len(texts) / best


@pytest.mark.parametrize("peer", PEERS)
def test_signatures_are_faster_than(peer: str) -> None:
    code, least = PEERS[peer]
    texts = answers(20_000)
    theirs = texts_per_second(code, texts)
    assert report(f"MinHash beside {peer}", ours(texts), theirs) >= least
