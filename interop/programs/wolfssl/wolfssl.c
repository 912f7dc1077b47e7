/* What wolfSSL makes of the shapes and files of a folder. */
#include <wolfssl/options.h>
#include <wolfssl/ssl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../folder.h"

#define PROGRAM "wolfssl-5.5"

static const char *folder;

static const char *in(const char *parent, const char *name) {
    static char path[1024];
    snprintf(path, sizeof path, "%s/%s", parent, name);
    return path;
}

static const char *error(int code) {
    static char words[WOLFSSL_MAX_ERROR_SZ];
    return wolfSSL_ERR_error_string((unsigned long)code, words);
}

/* The server's end of a handshake, in a process of its own. */
static void serve(WOLFSSL_CTX *context, int socket) {
    WOLFSSL *server = wolfSSL_new(context);
    wolfSSL_set_fd(server, socket);
    wolfSSL_accept(server);
    char byte;
    wolfSSL_read(server, &byte, 1);
    _exit(0);
}

static void verify(const char *shape) {
    WOLFSSL_CTX *roots = wolfSSL_CTX_new(wolfTLSv1_3_client_method());
    wolfSSL_CTX_set_verify(roots, WOLFSSL_VERIFY_PEER, NULL);
    int done = wolfSSL_CTX_load_verify_locations(roots, in(shape, "roots.pem"), NULL);
    if (done != WOLFSSL_SUCCESS) return refused(PROGRAM, shape, error(done));

    WOLFSSL_CTX *chain = wolfSSL_CTX_new(wolfTLSv1_3_server_method());
    if (wolfSSL_CTX_use_certificate_chain_file(chain, in(shape, "chain.pem")) != WOLFSSL_SUCCESS ||
        wolfSSL_CTX_use_PrivateKey_file(chain, in(shape, "leaf.key"), WOLFSSL_FILETYPE_PEM) !=
            WOLFSSL_SUCCESS)
        exit(2);
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends)) exit(2);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        serve(chain, ends[1]);
    }
    close(ends[1]);
    WOLFSSL *client = wolfSSL_new(roots);
    wolfSSL_set_fd(client, ends[0]);
    long length;
    wolfSSL_check_domain_name(client, content(shape, "host", &length));
    done = wolfSSL_connect(client);
    if (done == WOLFSSL_SUCCESS)
        accepted(PROGRAM, shape);
    else
        refused(PROGRAM, shape, error(wolfSSL_get_error(client, done)));
    wolfSSL_free(client);
    close(ends[0]);
    waitpid(child, NULL, 0);
}

/* It does not say how many it has loaded, so that servers below them are asked for. */
static void read_file(const char *file) {
    WOLFSSL_CERT_MANAGER *manager = wolfSSL_CertManagerNew();
    int done = wolfSSL_CertManagerLoadCA(manager, file, NULL), trusted = 0;
    for (const char *name = "1.pem2.pem"; *name; name += 5) {
        char server[16];
        snprintf(server, sizeof server, "servers/%.5s", name);
        long length;
        unsigned char *pem = (unsigned char *)content(folder, server, &length);
        if (wolfSSL_CertManagerVerifyBuffer(manager, pem, length, WOLFSSL_FILETYPE_PEM) ==
            WOLFSSL_SUCCESS)
            trusted++;
    }
    const char *words = done == WOLFSSL_SUCCESS ? "" : error(done);
    if (trusted == 2)
        printf("%s\t%s\tall\t%s\n", PROGRAM, id_of(file), words);
    else
        taken(PROGRAM, file, trusted, words);
    wolfSSL_CertManagerFree(manager);
}

int main(int count, char **arguments) {
    if (count != 2) return 2;
    wolfSSL_Init();
    printf("version\t%s\n", wolfSSL_lib_version());
    folder = arguments[1];
    for_each(folder, SHAPES, verify);
    if (access(in(folder, "servers"), F_OK) == 0) for_each(folder, FILES, read_file);
}
