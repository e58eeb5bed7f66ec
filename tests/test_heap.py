from __future__ import annotations

from bot import heap


async def test_free_memory_is_given_back_where_that_can_be_done(monkeypatch):
    asked: list[int] = []
    monkeypatch.setattr(heap, "_malloc_trim", asked.append)
    await heap.trim()
    assert asked == [0]


def test_all_threads_share_one_heap_where_that_can_be_done(monkeypatch):
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(heap, "_mallopt", lambda *given: asked.append(given))
    heap.share()
    assert asked == [(heap.M_ARENA_MAX, 1)]


async def test_elsewhere_nothing_happens(monkeypatch):
    monkeypatch.setattr(heap, "_malloc_trim", None)
    monkeypatch.setattr(heap, "_mallopt", None)
    heap.share()
    await heap.trim()


async def test_the_real_ones_can_be_called():
    heap.share()
    await heap.trim()
