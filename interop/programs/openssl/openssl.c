/* What OpenSSL makes of the shapes and files of a folder. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include "../folder.h"

static STACK_OF(X509) *certificates(const char *folder, const char *name) {
    long length;
    BIO *input = BIO_new_mem_buf(content(folder, name, &length), -1);
    STACK_OF(X509) *all = sk_X509_new_null();
    X509 *one;
    while ((one = PEM_read_bio_X509(input, NULL, NULL, NULL))) sk_X509_push(all, one);
    return all;
}

static void verify_with(const char *program, const char *shape, unsigned long flags) {
    STACK_OF(X509) *roots = certificates(shape, "roots.pem");
    STACK_OF(X509) *chain = certificates(shape, "chain.pem");
    long length;
    const char *host = content(shape, "host", &length);
    X509_STORE *store = X509_STORE_new();
    for (int nth = 0; nth < sk_X509_num(roots); nth++)
        X509_STORE_add_cert(store, sk_X509_value(roots, nth));
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    X509_STORE_CTX_init(context, store, sk_X509_value(chain, 0), chain);
    X509_STORE_CTX_set_default(context, "ssl_server");
    X509_VERIFY_PARAM *parameters = X509_STORE_CTX_get0_param(context);
    /* What Debian sets for TLS: 112 bits of security. */
    X509_VERIFY_PARAM_set_auth_level(parameters, 2);
    X509_VERIFY_PARAM_set_flags(parameters, flags | X509_V_FLAG_TRUSTED_FIRST);
    if (is_address(host))
        X509_VERIFY_PARAM_set1_ip_asc(parameters, host);
    else
        X509_VERIFY_PARAM_set1_host(parameters, host, 0);
    if (X509_verify_cert(context) == 1)
        accepted(program, shape);
    else
        refused(program, shape, X509_verify_cert_error_string(X509_STORE_CTX_get_error(context)));
}

static void verify(const char *shape) {
    verify_with("openssl-3.0", shape, 0);
    verify_with("openssl-3.0-strict", shape, X509_V_FLAG_X509_STRICT);
    verify_with("openssl-3.0-partial", shape, X509_V_FLAG_PARTIAL_CHAIN);
    verify_with("openssl-3.0-python", shape, X509_V_FLAG_X509_STRICT | X509_V_FLAG_PARTIAL_CHAIN);
    verify_with("openssl-3.0-check-ss-sig", shape, X509_V_FLAG_CHECK_SS_SIGNATURE);
}

/* The words for the error of the last call. */
static const char *error(void) {
    static char words[256];
    ERR_error_string_n(ERR_peek_last_error(), words, sizeof words);
    ERR_clear_error();
    return words;
}

static void read_file(const char *file) {
    ERR_clear_error();
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    int done = SSL_CTX_load_verify_file(context, file);
    STACK_OF(X509_OBJECT) *in_store = X509_STORE_get0_objects(SSL_CTX_get_cert_store(context));
    taken("openssl-3.0", file, done == 1 ? sk_X509_OBJECT_num(in_store) : 0, done == 1 ? "" : error());
    SSL_CTX_free(context);

    ERR_clear_error();
    X509_STORE *store = X509_STORE_new();
    X509_LOOKUP *lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());
    int count = X509_load_cert_crl_file(lookup, file, X509_FILETYPE_PEM);
    taken("openssl-3.0-lookup", file, count > 0 ? count : 0, count > 0 ? "" : error());
    X509_STORE_free(store);

    ERR_clear_error();
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(file);
    taken("openssl-3.0-client-ca", file, names ? sk_X509_NAME_num(names) : 0, names ? "" : error());
}

int main(int count, char **arguments) {
    if (count != 2) return 2;
    printf("version\t%s\n", OpenSSL_version(OPENSSL_VERSION_STRING));
    for_each(arguments[1], SHAPES, verify);
    for_each(arguments[1], FILES, read_file);
}
