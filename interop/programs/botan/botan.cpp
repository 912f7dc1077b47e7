/* What Botan makes of the shapes and files of a folder. */
#include <botan/certstor.h>
#include <botan/certstor_flatfile.h>
#include <botan/data_src.h>
#include <botan/version.h>
#include <botan/x509path.h>

#include <unistd.h>

#include <filesystem>
#include <functional>

#include "../folder.h"

using namespace Botan;
namespace fs = std::filesystem;

/* Each block by itself, because the program's readers are not what is tried here. */
static std::vector<X509_Certificate> certificates(const char *shape, const char *name) {
    long length;
    std::string pem = content(shape, name, &length);
    std::vector<X509_Certificate> all;
    for (size_t begin = 0; (begin = pem.find("-----BEGIN", begin)) != std::string::npos;) {
        size_t end = pem.find('\n', pem.find("-----END", begin)) + 1;
        DataSource_Memory block(pem.substr(begin, end - begin));
        all.emplace_back(block);
        begin = end;
    }
    return all;
}

static void verify(const char *shape) {
    const char *program = "botan-2.19";
    long length;
    std::string host = content(shape, "host", &length);
    try {
        Certificate_Store_In_Memory roots;
        for (auto &root : certificates(shape, "roots.pem")) roots.add_certificate(root);
        // It compares no addresses.
        auto result = x509_path_validate(certificates(shape, "chain.pem"),
                                         Path_Validation_Restrictions(false, 110), roots,
                                         is_address(host.c_str()) ? "" : host,
                                         Usage_Type::TLS_SERVER_AUTH);
        if (result.successful_validation())
            accepted(program, shape);
        else
            refused(program, shape, result.result_string().c_str());
    } catch (std::exception &why) {
        refused(program, shape, why.what());
    }
}

/* Reads with a counter, which stays as it is at an error. */
static void count(const char *program, const char *file, std::function<void(int &)> read) {
    int roots = 0;
    try {
        read(roots);
        taken(program, file, roots, "");
    } catch (std::exception &why) {
        std::string words = why.what();
        for (char &character : words)
            if (character == '\n') character = ' ';
        taken(program, file, roots, words.c_str());
    }
}

static void read_file(const char *file) {
    count("botan-2.19", file, [&](int &roots) {
        roots = (int)Flatfile_Certificate_Store(file, true).all_subjects().size();
    });
    count("botan-2.19-folder", file, [&](int &roots) {
        auto folder = fs::temp_directory_path() / ("botan-" + std::to_string(getpid()));
        fs::create_directory(folder);
        fs::copy_file(file, folder / "root.pem", fs::copy_options::overwrite_existing);
        roots = (int)Certificate_Store_In_Memory(folder.string()).all_subjects().size();
        fs::remove_all(folder);
    });
    count("botan-2.19-loop", file, [&](int &roots) {
        DataSource_Stream source(file, true);
        while (!source.end_of_data()) {
            try {
                X509_Certificate certificate(source);
            } catch (std::exception &why) {
                // The end of the file, to a caller that cannot know it before.
                for (const char *end : {"No PEM header found", "Source was empty"})
                    if (strstr(why.what(), end)) return;
                throw;
            }
            roots++;
        }
    });
}

int main(int count, char **arguments) {
    if (count != 2) return 2;
    printf("version\t%u.%u.%u\n", version_major(), version_minor(), version_patch());
    for_each(arguments[1], SHAPES, verify);
    for_each(arguments[1], FILES, read_file);
}
