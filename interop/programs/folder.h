/* The shapes and files of a folder, for programs in C and C++. */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The whole file, with a NUL behind it. */
static char *content(const char *folder, const char *name, long *length) {
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        exit(2);
    }
    fseek(file, 0, SEEK_END);
    *length = ftell(file);
    rewind(file);
    char *bytes = (char *)calloc(1, (size_t)*length + 1);
    if (fread(bytes, 1, (size_t)*length, file) != (size_t)*length) exit(2);
    fclose(file);
    return bytes;
}

/* The last part of a path, without `.pem`. */
static const char *id_of(const char *path) {
    static char id[256];
    snprintf(id, sizeof id, "%s", strrchr(path, '/') + 1);
    char *end = strstr(id, ".pem");
    if (end) *end = 0;
    return id;
}

static inline int is_address(const char *host) {
    return host[0] >= '0' && host[0] <= '9';
}

/* Calls `each` with the path of each shape's folder, or of each file. */
static void for_each(const char *folder, const char *pattern, void (*each)(const char *)) {
    char whole[1024];
    snprintf(whole, sizeof whole, "%s/%s", folder, pattern);
    glob_t found;
    if (glob(whole, 0, NULL, &found)) return;
    for (size_t nth = 0; nth < found.gl_pathc; nth++) each(found.gl_pathv[nth]);
    globfree(&found);
}

#define SHAPES "shapes/*"
#define FILES "files/*.pem"

/* One line for a cell; words without a tab or a line break. */
static inline void refused(const char *program, const char *path, const char *words) {
    printf("%s\t%s\trefused\t%s\n", program, id_of(path), words);
}

static inline void accepted(const char *program, const char *path) {
    printf("%s\t%s\taccepted\t\n", program, id_of(path));
}

static inline void taken(const char *program, const char *path, int roots, const char *words) {
    printf("%s\t%s\t%d\t%s\n", program, id_of(path), roots, words);
}
