"""Every promise of the simulated carrier is kept over real sockets as well.

The tests are those of the simulated tier; only the world that they run in is another.
"""

from __future__ import annotations

import pytest

from tests.chaos.simulation.test_carrier import (  # noqa: F401 - collected from here
    test_broken_delivery_is_a_connection_error_of_the_openai_sdk,
    test_broken_delivery_is_a_requests_error_of_the_storage_sdk,
    test_classic_httpx_is_answered_too,
    test_connect_timeout_of_a_pair_does_not_bound_the_read,
    test_latency_below_the_timeout_is_only_waited_for,
    test_perfect_delivery_gives_the_openai_sdk_its_answer_at_once,
    test_perfect_delivery_gives_the_storage_sdk_its_object_at_once,
    test_rate_lets_that_many_bytes_through_a_second,
    test_read_timeout_starts_anew_with_each_piece,
    test_short_body_reads_in_the_storage_sdk_as_it_does_over_a_network,
    test_silence_without_a_timeout_is_a_deadlock_with_a_name,
    test_status_of_a_fault_reaches_the_sdk_as_its_own_class,
    test_stream_arrives_word_by_word,
    test_stream_that_breaks_raises_after_the_words_before,
    test_stream_that_ends_early_looks_complete_to_the_sdk,
)

pytestmark = pytest.mark.wire
