# SPDX-License-Identifier: Apache-2.0
# libprotocol.a: the pure core. One file a line; a new file is a reviewed line.
PROTOCOL_SOURCES := \
	protocol/action.c \
	protocol/address.c \
	protocol/amount.c \
	protocol/announce.c \
	protocol/arrival.c \
	protocol/bandwidth.c \
	protocol/candidate.c \
	protocol/claim.c \
	protocol/control.c \
	protocol/core.c \
	protocol/datagram.c \
	protocol/document.c \
	protocol/election.c \
	protocol/err.c \
	protocol/fallback.c \
	protocol/flag.c \
	protocol/frame.c \
	protocol/gossip.c \
	protocol/have.c \
	protocol/join.c \
	protocol/lease.c \
	protocol/link.c \
	protocol/look.c \
	protocol/manual.c \
	protocol/member.c \
	protocol/message.c \
	protocol/overlay.c \
	protocol/pick.c \
	protocol/probe.c \
	protocol/record.c \
	protocol/release.c \
	protocol/remote.c \
	protocol/serve.c \
	protocol/source.c \
	protocol/suggest.c \
	protocol/sync.c \
	protocol/text.c \
	protocol/trace.c \
	protocol/trade.c \
	protocol/tuning.c \
	protocol/value.c \
	protocol/view.c \
	protocol/want.c \
	protocol/wire.c \

