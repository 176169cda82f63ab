/* How long OpenSSL takes for so many ECDSA signatures by a key of a token, in one session.
 *
 * Arguments: module, PIN, URI of the private key, count. Prints seconds. Through libp11's engine;
 * the functions are declared here, so that no headers of OpenSSL are needed (link libcrypto.so.3).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void ENGINE_load_builtin_engines(void);
void *ENGINE_by_id(const char *id);
int ENGINE_ctrl_cmd_string(void *engine, const char *name, const char *value, int optional);
int ENGINE_init(void *engine);
void *ENGINE_load_private_key(void *engine, const char *key, void *method, void *data);
const void *EVP_sha256(void);
void *EVP_MD_CTX_new(void);
void EVP_MD_CTX_free(void *context);
int EVP_DigestSignInit(void *context, void **inner, const void *digest, void *engine, void *key);
int EVP_DigestSign(void *context, unsigned char *made, size_t *size, const unsigned char *text,
    size_t length);

static void check(int good, const char *what)
{
    if (!good) {
        fprintf(stderr, "%s\n", what);
        exit(1);
    }
}

int main(int count, char **given)
{
    unsigned char made[256];
    char text[32];
    struct timespec begun, ended;
    void *engine, *key;

    check(count == 5, "usage");
    ENGINE_load_builtin_engines();
    check((engine = ENGINE_by_id("pkcs11")) != 0, "no engine");
    check(ENGINE_ctrl_cmd_string(engine, "MODULE_PATH", given[1], 0), "MODULE_PATH");
    check(ENGINE_ctrl_cmd_string(engine, "PIN", given[2], 0), "PIN");
    check(ENGINE_init(engine), "ENGINE_init");
    check((key = ENGINE_load_private_key(engine, given[3], 0, 0)) != 0, "no key");
    clock_gettime(CLOCK_MONOTONIC, &begun);
    for (long turn = 0; turn < atol(given[4]); turn++) {
        size_t size = sizeof made;
        void *context = EVP_MD_CTX_new();
        int length = snprintf(text, sizeof text, "text %ld", turn);
        check(EVP_DigestSignInit(context, 0, EVP_sha256(), 0, key) == 1, "EVP_DigestSignInit");
        check(EVP_DigestSign(context, made, &size, (unsigned char *)text, (size_t)length) == 1,
            "EVP_DigestSign");
        EVP_MD_CTX_free(context);
    }
    clock_gettime(CLOCK_MONOTONIC, &ended);
    printf("%.6f\n",
        (double)(ended.tv_sec - begun.tv_sec) + (double)(ended.tv_nsec - begun.tv_nsec) / 1e9);
    return 0;
}
