/* SPDX-License-Identifier: Apache-2.0 */
/* Published test vectors of Noise_IK_25519_ChaChaPoly_BLAKE2b, as facts: all that the files
 * cacophony.txt and snow.txt (tests/vectors/ of github.com/mcginty/snow; the first comes from
 * github.com/haskell-cryptography/cacophony) hold for this protocol. Hex digits. */
#ifndef WEFT_TESTS_NOISE_VECTORS_H
#define WEFT_TESTS_NOISE_VECTORS_H

#define NOISE_MESSAGES 6

struct noise_message {
    const char *payload; /* NULL = the vector has no further message */
    const char *sealed;  /* what goes over the wire */
};

struct noise_vector {
    const char *source;                            /* file it is from */
    const char *prologue;                          /* of both ends */
    const char *opener_static;                     /* secret keys, 32 bytes each */
    const char *opener_ephemeral;                  /* likewise */
    const char *answerer_static;                   /* likewise */
    const char *answerer_ephemeral;                /* likewise */
    const char *answerer_public;                   /* what the opener knows */
    const char *hash;                              /* handshake hash; NULL = not told */
    struct noise_message messages[NOISE_MESSAGES]; /* two of the handshake, then in turn */
};

static const struct noise_vector noise_vectors[] = {
    {.source = "cacophony.txt",
     .prologue = "4a6f686e2047616c74",
     .opener_static = "e61ef9919cde45dd5f82166404bd08e38bceb5dfdfded0a34c8df7ed5422"
                      "14d1",
     .opener_ephemeral = "893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c"
                         "464a",
     .answerer_static = "4a3acbfdb163dec651dfa3194dece676d437029c62a408b4c5ea9114246e"
                        "4893",
     .answerer_ephemeral = "bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b"
                           "375b",
     .answerer_public = "31e0303fd6418d2f8c0e78b91f22e8caed0fbe48656dcf4767e4834f701b"
                        "8f62",
     .hash = "1c8fa891cb414fedba6daa7c6f4ae0a6d98e5f9768cc9cecd27e80561494"
             "3ee9c8a1b27fbfb76dc197255c8aa69f6b4285c423840b8bedf45e652ca6"
             "4f797d81",
     .messages =
         {
             {"4c756477696720766f6e204d69736573",
              "ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c"
              "7944ba83a447b38c83e327ad936929812f624884847b7831e95e197b2f79"
              "7088efdd2f88f1db7e1fb0e99c64419097af91cee64e470f4b6fcd9298ce"
              "0b56fe20f86e13bf70439c538e3602a7127af71a29cc"},
             {"4d757272617920526f746862617264",
              "95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f14480"
              "88439f069b267a06b3de3ecb1043bcb098e9af91d9c64748d998c7b47890"
              "871571"},
             {"462e20412e20486179656b", "cd54383060e7a28434cca27fb1cc524cfbabeb18181589df219d07"},
             {"4361726c204d656e676572", "a856d3bf0246bfc476c655009cd1ed677b8dcc5b349ae8ef2a05f2"},
             {"4a65616e2d426170746973746520536179",
              "49063084b2c51f098337cb8a13739ac848f907e67cfb2cc8a8b60586467a"
              "a02fc7"},
             {"457567656e2042f6686d20766f6e2042617765726b",
              "8b9709d23b47e4639df7678d7a21741eba4ef1e9c60383001c7435549c20"
              "f9d56f30e935d3"},
         }},
    {.source = "snow.txt",
     .prologue = "5468657265206973206e6f20726967687420616e642077726f6e672e2054"
                 "686572652773206f6e6c792066756e20616e6420626f72696e672e",
     .opener_static = "7d96e7fbefd508f6d553010ef8b53b9800f30bdd1bc82d141c543cc4afe3"
                      "1bde",
     .opener_ephemeral = "3fa848b150e958dad41a3e1e455c65c46b773d806a55f4abdcae3f5e3f80"
                         "d816",
     .answerer_static = "f192f565f752e8e706d20bd2a71b22d94b804bfeb499ac84391f1af846d1"
                        "824d",
     .answerer_ephemeral = "3092d9e2e44264afea07fd9b43562177e9ae63d65cbdc471d3539247e2ba"
                           "1a36",
     .answerer_public = "c2330a71efe7ad7655ad63ec6ac84e0be70c79b3a9808364741e99abe231"
                        "b240",
     .messages =
         {
             {"eab1b0a96295a7f0b29f013bf2baa6d74ab79b2b2f69b79764eb97684ca1"
              "7e5d",
              "4b42c759ee133dc6a49aa1b19fc1727ca3d3876d6ed5479b60fe2963fede"
              "0f4ff9f68f1540f591b16150d98b3f65371da84c2dcfbf18f02295edcd20"
              "fdcf315c83529bc394387fc22bfc8583e23514c28884729838efe481016f"
              "828fefca4f53c4e61c7ed5a7b297044e11b90a28d2e264ac2335e254c7b6"
              "36d1d0406aea1e3e"},
             {"1a1d45c87a116c31f9704d9c599f833e65dbe1fc511a50fc85e07b440806"
              "430b",
              "058e04eada2f87f02ffb22ec049d3d629008eb672976078b61222af7822e"
              "9c19b04dc83d279b6d418149e3ba99ff887c64a2f9da7a1ad2c83bbea467"
              "59a503933f9cfc8c06dbc2b9170a0fb6a5a28740"},
             {"752ce6ebed958e84d2e8ffa89ca929e500bc987d3ba01196f850fe73d732"
              "0822",
              "e4a719610c329661dcc3084484c92025c7fadff6910c6d9e8dcdae29d76c"
              "d2d33c74218a3588732db968a282ba4689ec"},
             {"f7496b1a99db7ba96ce16c642662e966b8323aca4e7c8e2ed51d3e764c05"
              "a363",
              "8cdb272f66c39e16182c1b68a45052f97264ca6a337e338dbdd1121005fb"
              "268b637d94ecc94ded7352c1e22bf7d2a32d"},
         }},
};

#endif
