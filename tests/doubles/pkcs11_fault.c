/* A PKCS#11 module in front of another one, which fails where a plan says so.
 *
 * FAULT_REAL is the other module. FAULT_PLAN is a file that is read at each call, a line for each
 * fault, numbers in C's notation:
 *
 *     C_Sign hang              never return
 *     C_Sign crash             end by SIGSEGV
 *     C_Sign rv VALUE          return this, do nothing
 *     C_Sign once VALUE        the same, and take the plan away: whoever comes next is well
 *     C_Sign print             write to standard output, then do it
 *     C_Sign finalize          take the plan away, finalize the other module, then do it
 *     C_Login twice            do it, and once more, whose value is the answer
 *     C_Sign note              write its name into the file FAULT_PLAN.log, then do it
 *     C_GetMechanismInfo rv VALUE ARG    only if the second argument is ARG
 *     C_GetTokenInfo flags SET CLEAR     do it, then change the token's flags
 *
 * Every function of the list takes integers and pointers, at most eight, so one stub passes eight
 * machine words on, whatever they are (the calling conventions of x86-64 and AArch64 allow it).
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef unsigned long word;
typedef word (*function)(word, word, word, word, word, word, word, word);

#define FUNCTIONS 68
#define FINALIZE 1
#define GET_FUNCTION_LIST 3
#define GET_TOKEN_INFO 6
#define FLAGS_OFFSET 96 /* of CK_TOKEN_INFO: label, manufacturer, model and serial stand before */

struct list {
    unsigned char version[2];
    function functions[FUNCTIONS];
};

/* PKCS#11 v2.40, the order of CK_FUNCTION_LIST; those that no test names have no name here. */
static const char *const names[FUNCTIONS] = {
    [0] = "C_Initialize", [4] = "C_GetSlotList", [6] = "C_GetTokenInfo",
    [8] = "C_GetMechanismInfo", [12] = "C_OpenSession", [18] = "C_Login",
    [26] = "C_FindObjectsInit", [29] = "C_EncryptInit", [30] = "C_Encrypt",
    [32] = "C_EncryptFinal", [33] = "C_DecryptInit", [34] = "C_Decrypt", [42] = "C_SignInit",
    [43] = "C_Sign",
};

static struct list *real, ours;

static void note(const char *name)
{
    char place[4096];
    snprintf(place, sizeof place, "%s.log", getenv("FAULT_PLAN"));
    FILE *log = fopen(place, "a");
    if (log) {
        fprintf(log, "%s\n", name);
        fclose(log);
    }
}

static int fault(int number, word second, word *value, word *set, word *clear,
    int *twice)
{
    char line[256], name[64], action[16];
    int found = 0;
    FILE *plan = fopen(getenv("FAULT_PLAN"), "r");
    if (!plan || !names[number])
        return plan ? fclose(plan), 0 : 0;
    while (!found && fgets(line, sizeof line, plan)) {
        long first = 0, other = -1;
        if (sscanf(line, "%63s %15s %li %li", name, action, &first, &other) < 2
            || strcmp(name, names[number]))
            continue;
        if (!strcmp(action, "hang"))
            for (;;)
                pause();
        if (!strcmp(action, "crash"))
            *(volatile int *)0 = 0;
        if (!strcmp(action, "print")) {
            puts("a module that talks");
            fflush(stdout);
        }
        if (!strcmp(action, "finalize") && !unlink(getenv("FAULT_PLAN")))
            real->functions[FINALIZE](0, 0, 0, 0, 0, 0, 0, 0);
        if (!strcmp(action, "twice"))
            *twice = 1;
        if (!strcmp(action, "note"))
            note(name);
        if (!strcmp(action, "flags")) {
            *set = (word)first;
            *clear = (word)other;
        }
        if (!strcmp(action, "rv") && (other == -1 || (word)other == second))
            found = 1;
        if (!strcmp(action, "once"))
            found = !unlink(getenv("FAULT_PLAN"));
        *value = (word)first;
    }
    fclose(plan);
    return found;
}

static word call(int number, word a, word b, word c, word d, word e, word f, word g, word h)
{
    word value = 0, set = 0, clear = 0, result;
    int twice = 0;
    if (fault(number, b, &value, &set, &clear, &twice))
        return value;
    if (twice)
        real->functions[number](a, b, c, d, e, f, g, h);
    result = real->functions[number](a, b, c, d, e, f, g, h);
    if (number == GET_TOKEN_INFO && !result) {
        word *flags = (word *)(b + FLAGS_OFFSET);
        *flags = (*flags & ~clear) | set;
    }
    return result;
}

#define STUB(n)                                                                                  \
    static word stub##n(word a, word b, word c, word d, word e, word f, word g, word h)          \
    {                                                                                            \
        return call(n, a, b, c, d, e, f, g, h);                                                  \
    }
#define EACH(M)                                                                                  \
    M(0) M(4) M(6) M(8) M(12) M(18) M(26) M(29) M(30) M(32) M(33) M(34) M(42) M(43)
EACH(STUB)

word C_GetFunctionList(struct list **list)
{
    void *library = dlopen(getenv("FAULT_REAL"), RTLD_NOW);
    word (*get)(struct list **) = library ? (word (*)(struct list **))dlsym(library, __func__) : 0;
    if (!get || get(&real))
        return 6; /* CKR_FUNCTION_FAILED */
    ours = *real;
#define PLACE(n) ours.functions[n] = stub##n;
    EACH(PLACE)
    *list = &ours;
    return 0;
}
