# SPDX-License-Identifier: Apache-2.0
# libtransport.a: handshake, seals and admission. One file a line.
TRANSPORT_SOURCES := \
	protocol/transport/admission.c \
	protocol/transport/aead.c \
	protocol/transport/armor.c \
	protocol/transport/beacon.c \
	protocol/transport/bulk.c \
	protocol/transport/certificate.c \
	protocol/transport/cipher.c \
	protocol/transport/cookie.c \
	protocol/transport/hash.c \
	protocol/transport/noise.c \
	protocol/transport/packet.c \
	protocol/transport/proof.c \
	protocol/transport/rate.c \
	protocol/transport/request.c \
	protocol/transport/revocation.c \
	protocol/transport/token.c \
	protocol/transport/window.c \

