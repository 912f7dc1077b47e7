/* What mbedTLS makes of the shapes and files of a folder. */
#include <mbedtls/error.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>

#include "../folder.h"

#define PROGRAM "mbedtls-2.28"

/* The words for a result that is not zero: an error, or the number of certificates that were left out. */
static const char *words(int result) {
    static char text[256];
    if (result < 0)
        mbedtls_strerror(result, text, sizeof text);
    else
        snprintf(text, sizeof text, "returns %d", result);
    return result ? text : "";
}

static int parse(mbedtls_x509_crt *list, const char *folder, const char *name) {
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    mbedtls_x509_crt_init(list);
    return mbedtls_x509_crt_parse_file(list, path);
}

static void verify(const char *shape) {
    mbedtls_x509_crt roots, chain;
    int result = parse(&roots, shape, "roots.pem");
    if (result) return refused(PROGRAM, shape, words(result));
    result = parse(&chain, shape, "chain.pem");
    if (result) return refused(PROGRAM, shape, words(result));
    long length;
    uint32_t flags;
    if (mbedtls_x509_crt_verify(&chain, &roots, NULL, content(shape, "host", &length), &flags, NULL,
                                NULL) == 0)
        return accepted(PROGRAM, shape);
    char text[1024];
    mbedtls_x509_crt_verify_info(text, sizeof text, "", flags);
    for (char *end; (end = strchr(text, '\n'));) *end = ' ';
    refused(PROGRAM, shape, text);
}

static void read_file(const char *file) {
    mbedtls_x509_crt list;
    mbedtls_x509_crt_init(&list);
    int result = mbedtls_x509_crt_parse_file(&list, file), count = 0;
    for (mbedtls_x509_crt *one = &list; one && one->raw.p; one = one->next) count++;
    taken(PROGRAM, file, count, words(result));
    mbedtls_x509_crt_free(&list);
}

int main(int count, char **arguments) {
    if (count != 2) return 2;
    char version[32];
    mbedtls_version_get_string(version);
    printf("version\t%s\n", version);
    for_each(arguments[1], SHAPES, verify);
    for_each(arguments[1], FILES, read_file);
}
