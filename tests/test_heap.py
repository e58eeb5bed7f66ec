from __future__ import annotations

from bot import heap


async def test_free_memory_is_given_back_where_that_can_be_done(monkeypatch):
    asked: list[int] = []
    monkeypatch.setattr(heap, "_malloc_trim", asked.append)
    await heap.trim()
    assert asked == [0]


def test_threads_share_one_heap_without_large_blocks_where_that_can_be_done(monkeypatch):
    asked: dict[int, int] = {}
    monkeypatch.setattr(heap, "_mallopt", asked.__setitem__)
    heap.configure()
    assert asked == {heap.M_ARENA_MAX: 1, heap.M_MMAP_THRESHOLD: heap.LARGE_BYTES}


async def test_elsewhere_nothing_happens(monkeypatch):
    monkeypatch.setattr(heap, "_malloc_trim", None)
    monkeypatch.setattr(heap, "_mallopt", None)
    heap.configure()
    await heap.trim()


async def test_the_real_ones_can_be_called():
    heap.configure()
    await heap.trim()
