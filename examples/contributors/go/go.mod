module contributors

go 1.19
