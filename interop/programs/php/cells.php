<?php
// What PHP makes of the files of a folder.
echo "version\t", PHP_VERSION, "\n";
foreach (glob("$argv[1]/files/*.pem") as $file) {
    $read = openssl_x509_parse(file_get_contents($file));
    $words = $read === false ? "returns false" : "";
    echo implode("\t", ["php-8.2", basename($file, ".pem"), $read === false ? 0 : 1, $words]), "\n";
}
