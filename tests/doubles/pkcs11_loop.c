/* How long so many ECDSA signatures take in one session, with nothing around them.
 *
 * Arguments: module, PIN, label of the private key, count. Prints seconds. The token is the first
 * one. Numbers are those of PKCS#11 v2.40; functions by their place in CK_FUNCTION_LIST.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef unsigned long word;

struct attribute {
    word type;
    void *value;
    word size;
};

struct mechanism {
    word number;
    void *parameter;
    word size;
};

struct list {
    unsigned char version[2];
    word (*call[68])();
};

enum {
    INITIALIZE = 0, GET_SLOT_LIST = 4, OPEN_SESSION = 12, LOGIN = 18, FIND_INIT = 26, FIND = 27,
    FIND_FINAL = 28, SIGN_INIT = 42, SIGN = 43
};

static void check(word value, const char *what)
{
    if (value) {
        fprintf(stderr, "%s: 0x%lx\n", what, value);
        exit(1);
    }
}

int main(int count, char **given)
{
    struct list *p;
    word slots[8], slot_count = 8, session, key, found, size, private_key = 3;
    unsigned char digest[32] = {1}, signature[128];
    struct mechanism ecdsa = {0x1041, 0, 0};
    struct timespec begun, ended;
    void *module = count == 5 ? dlopen(given[1], RTLD_NOW) : 0;
    word (*get)(struct list **);

    check(!module, "usage or module");
    get = (word (*)(struct list **))dlsym(module, "C_GetFunctionList");
    check(get(&p), "C_GetFunctionList");
    check(p->call[INITIALIZE](0), "C_Initialize");
    check(p->call[GET_SLOT_LIST](1, slots, &slot_count), "C_GetSlotList");
    check(p->call[OPEN_SESSION](slots[0], 4UL, 0, 0, &session), "C_OpenSession");
    check(p->call[LOGIN](session, 1UL, given[2], strlen(given[2])), "C_Login");
    struct attribute wanted[] = {
        {0, &private_key, sizeof private_key}, {3, given[3], strlen(given[3])}
    };
    check(p->call[FIND_INIT](session, wanted, 2UL), "C_FindObjectsInit");
    check(p->call[FIND](session, &key, 1UL, &found), "C_FindObjects");
    check(found != 1, "one key");
    check(p->call[FIND_FINAL](session), "C_FindObjectsFinal");
    clock_gettime(CLOCK_MONOTONIC, &begun);
    for (long turn = 0; turn < atol(given[4]); turn++) {
        size = sizeof signature;
        check(p->call[SIGN_INIT](session, &ecdsa, key), "C_SignInit");
        check(p->call[SIGN](session, digest, 32UL, signature, &size), "C_Sign");
    }
    clock_gettime(CLOCK_MONOTONIC, &ended);
    printf("%.6f\n",
        (double)(ended.tv_sec - begun.tv_sec) + (double)(ended.tv_nsec - begun.tv_nsec) / 1e9);
    return 0;
}
