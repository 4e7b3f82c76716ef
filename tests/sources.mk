# SPDX-License-Identifier: Apache-2.0
# Tests in C. Each file of the first three lists is one program that links every part but the two
# main.c; support files are linked into all of them; each fuzz file is one libFuzzer program.
UNIT_SOURCES := \
	tests/unit/test_activate.c \
	tests/unit/test_address.c \
	tests/unit/test_admission.c \
	tests/unit/test_amount.c \
	tests/unit/test_announce.c \
	tests/unit/test_apply.c \
	tests/unit/test_beacon.c \
	tests/unit/test_bounds.c \
	tests/unit/test_bulletin.c \
	tests/unit/test_candidate.c \
	tests/unit/test_canonical.c \
	tests/unit/test_carried.c \
	tests/unit/test_client.c \
	tests/unit/test_client_root.c \
	tests/unit/test_clone.c \
	tests/unit/test_coming.c \
	tests/unit/test_crash.c \
	tests/unit/test_crowd.c \
	tests/unit/test_demo.c \
	tests/unit/test_derive.c \
	tests/unit/test_disk.c \
	tests/unit/test_document.c \
	tests/unit/test_election.c \
	tests/unit/test_fallback.c \
	tests/unit/test_fileio.c \
	tests/unit/test_flag.c \
	tests/unit/test_follow.c \
	tests/unit/test_forms.c \
	tests/unit/test_frame.c \
	tests/unit/test_gate.c \
	tests/unit/test_hang.c \
	tests/unit/test_hedge.c \
	tests/unit/test_http.c \
	tests/unit/test_index.c \
	tests/unit/test_key.c \
	tests/unit/test_lease.c \
	tests/unit/test_lease_repeat.c \
	tests/unit/test_lease_stall.c \
	tests/unit/test_leaves.c \
	tests/unit/test_member.c \
	tests/unit/test_message.c \
	tests/unit/test_metadata.c \
	tests/unit/test_noise.c \
	tests/unit/test_options.c \
	tests/unit/test_path.c \
	tests/unit/test_pattern.c \
	tests/unit/test_peer.c \
	tests/unit/test_penalty.c \
	tests/unit/test_pick.c \
	tests/unit/test_probe.c \
	tests/unit/test_publish.c \
	tests/unit/test_push.c \
	tests/unit/test_release.c \
	tests/unit/test_remote.c \
	tests/unit/test_reserve.c \
	tests/unit/test_runner.c \
	tests/unit/test_sandbox.c \
	tests/unit/test_search.c \
	tests/unit/test_serve.c \
	tests/unit/test_session.c \
	tests/unit/test_sim_buffer.c \
	tests/unit/test_sim_check.c \
	tests/unit/test_sim_fair.c \
	tests/unit/test_sim_fault.c \
	tests/unit/test_sim_history.c \
	tests/unit/test_sim_menu.c \
	tests/unit/test_sim_queue.c \
	tests/unit/test_sim_scenario.c \
	tests/unit/test_sim_topology.c \
	tests/unit/test_sim_world.c \
	tests/unit/test_source.c \
	tests/unit/test_source_pause.c \
	tests/unit/test_status.c \
	tests/unit/test_store.c \
	tests/unit/test_stream.c \
	tests/unit/test_stream_wire.c \
	tests/unit/test_text.c \
	tests/unit/test_timing.c \
	tests/unit/test_trade.c \
	tests/unit/test_tree.c \
	tests/unit/test_trust_memory.c \
	tests/unit/test_units.c \
	tests/unit/test_unpack.c \
	tests/unit/test_updater.c \
	tests/unit/test_updater_late.c \
	tests/unit/test_window.c \
	tests/unit/test_wire.c \
	tests/unit/test_wire_oracle.c \

TRACE_SOURCES := \
	tests/trace/story.c \

ATTACK_SOURCES := \
	tests/attack/attack_admission.c \
	tests/attack/attack_archive.c \
	tests/attack/attack_bytes.c \
	tests/attack/attack_clock.c \
	tests/attack/attack_coming.c \
	tests/attack/attack_delegation.c \
	tests/attack/attack_document.c \
	tests/attack/attack_eclipse.c \
	tests/attack/attack_forgery.c \
	tests/attack/attack_handshake.c \
	tests/attack/attack_hearsay.c \
	tests/attack/attack_install.c \
	tests/attack/attack_keyfile.c \
	tests/attack/attack_membership.c \
	tests/attack/attack_news.c \
	tests/attack/attack_power.c \
	tests/attack/attack_session.c \
	tests/attack/attack_stale.c \
	tests/attack/attack_swarm.c \
	tests/attack/attack_threshold.c \
	tests/attack/attack_trees.c \

FUZZ_SOURCES := \
	tests/fuzz/fuzz_address.c \
	tests/fuzz/fuzz_admission.c \
	tests/fuzz/fuzz_archive.c \
	tests/fuzz/fuzz_beacon.c \
	tests/fuzz/fuzz_client.c \
	tests/fuzz/fuzz_core.c \
	tests/fuzz/fuzz_flag.c \
	tests/fuzz/fuzz_frame.c \
	tests/fuzz/fuzz_index.c \
	tests/fuzz/fuzz_json.c \
	tests/fuzz/fuzz_key.c \
	tests/fuzz/fuzz_keyfile.c \
	tests/fuzz/fuzz_message.c \
	tests/fuzz/fuzz_metadata.c \
	tests/fuzz/fuzz_packet.c \
	tests/fuzz/fuzz_path.c \
	tests/fuzz/fuzz_pattern.c \
	tests/fuzz/fuzz_peer.c \
	tests/fuzz/fuzz_stream_wire.c \
	tests/fuzz/fuzz_trace_file.c \
	tests/fuzz/fuzz_wire.c \

TEST_SUPPORT_SOURCES := \
	tests/support/attack.c \
	tests/support/cluster.c \
	tests/support/cluster_ask.c \
	tests/support/cluster_queue.c \
	tests/support/fixture.c \
	tests/support/liar.c \
	tests/support/offer.c \
	tests/support/peer_net.c \
	tests/support/play.c \
	tests/support/publisher.c \
	tests/support/session_pair.c \
	tests/support/storage.c \
	tests/support/tarball.c \
	tests/support/unpack_site.c \
	tests/support/updater_driver.c \
	tests/support/words.c \

# The client under test of the conformance suite; links what weft links.
TUF_SOURCES := \
	tests/tuf/client.c \

FUZZ_MAIN_SOURCES := \
	tests/fuzz/replay.c \

# In place of those of protocol/transport/ in CONFIG=plain.
PLAIN_SOURCES := \
	tests/plain/aead.c \
	tests/plain/bulk.c \

# Measures what encryption costs: one program, for scripts/bench-crypto.
BENCH_SOURCES := \
	tests/bench/bench_crypto.c \
	tests/bench/bench_weft.c \
	tests/bench/measure.c \
	tests/bench/suite_crypto.c \
	tests/bench/suite_sodium.c \

