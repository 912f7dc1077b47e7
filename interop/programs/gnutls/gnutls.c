/* What GnuTLS makes of the shapes and files of a folder. */
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "../folder.h"

#define PROGRAM "gnutls-3.7"

static void verify(const char *shape) {
    gnutls_x509_trust_list_t roots;
    gnutls_x509_trust_list_init(&roots, 0);
    char path[1024];
    snprintf(path, sizeof path, "%s/roots.pem", shape);
    int done = gnutls_x509_trust_list_add_trust_file(roots, path, NULL, GNUTLS_X509_FMT_PEM, 0, 0);
    if (done < 0) return refused(PROGRAM, shape, gnutls_strerror(done));

    long length;
    gnutls_datum_t pem = {0};
    pem.data = (unsigned char *)content(shape, "chain.pem", &length);
    pem.size = (unsigned)length;
    gnutls_x509_crt_t *chain;
    unsigned count;
    done = gnutls_x509_crt_list_import2(&chain, &count, &pem, GNUTLS_X509_FMT_PEM, 0);
    if (done < 0) return refused(PROGRAM, shape, gnutls_strerror(done));

    gnutls_typed_vdata_st wanted[] = {
        {GNUTLS_DT_DNS_HOSTNAME, (unsigned char *)content(shape, "host", &length), 0},
        {GNUTLS_DT_KEY_PURPOSE_OID, (unsigned char *)GNUTLS_KP_TLS_WWW_SERVER, 0},
    };
    unsigned status;
    done = gnutls_x509_trust_list_verify_crt2(roots, chain, count, wanted, 2, 0, &status, NULL);
    if (done < 0) return refused(PROGRAM, shape, gnutls_strerror(done));
    if (status == 0) return accepted(PROGRAM, shape);
    gnutls_datum_t words;
    gnutls_certificate_verification_status_print(status, GNUTLS_CRT_X509, &words, 0);
    refused(PROGRAM, shape, (const char *)words.data);
}

static void read_count(const char *program, const char *file, int count) {
    taken(program, file, count < 0 ? 0 : count, count < 0 ? gnutls_strerror(count) : "");
}

static void read_file(const char *file) {
    gnutls_certificate_credentials_t credentials;
    gnutls_certificate_allocate_credentials(&credentials);
    read_count(PROGRAM, file,
               gnutls_certificate_set_x509_trust_file(credentials, file, GNUTLS_X509_FMT_PEM));
    gnutls_certificate_free_credentials(credentials);

    gnutls_x509_trust_list_t list;
    gnutls_x509_trust_list_init(&list, 0);
    read_count(PROGRAM "-trust-list", file,
               gnutls_x509_trust_list_add_trust_file(list, file, NULL, GNUTLS_X509_FMT_PEM, 0, 0));
    gnutls_x509_trust_list_deinit(list, 1);
}

int main(int count, char **arguments) {
    if (count != 2) return 2;
    printf("version\t%s\n", gnutls_check_version(NULL));
    for_each(arguments[1], SHAPES, verify);
    for_each(arguments[1], FILES, read_file);
}
