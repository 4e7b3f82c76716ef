# SPDX-License-Identifier: Apache-2.0
# libtrust.a: the TUF client and the chunk index reader. One file a line.
TRUST_SOURCES := \
	protocol/trust/catalog.c \
	protocol/trust/client.c \
	protocol/trust/client_role.c \
	protocol/trust/component.c \
	protocol/trust/date.c \
	protocol/trust/delegation.c \
	protocol/trust/digest.c \
	protocol/trust/fault.c \
	protocol/trust/hex.c \
	protocol/trust/index.c \
	protocol/trust/json.c \
	protocol/trust/key.c \
	protocol/trust/key_ecdsa.c \
	protocol/trust/key_ed25519.c \
	protocol/trust/key_rsa.c \
	protocol/trust/metadata.c \
	protocol/trust/name.c \
	protocol/trust/path.c \
	protocol/trust/pattern.c \
	protocol/trust/pem.c \
	protocol/trust/pin.c \
	protocol/trust/roles.c \
	protocol/trust/root.c \
	protocol/trust/rules.c \
	protocol/trust/search.c \
	protocol/trust/sha256.c \
	protocol/trust/signers.c \
	protocol/trust/witness.c \

