/* The one function that Rust's standard library takes from bcryptprimitives.dll, which Windows has had
 * since version 8 and Wine since version 10: the part windows builds this DLL for an older Wine. The bytes
 * are as random as there: Wine's RtlGenRandom reads /dev/urandom. */

#include <windows.h>
#include <ntsecapi.h>
#include <stdlib.h>

__declspec(dllexport) BOOL WINAPI ProcessPrng(BYTE *data, SIZE_T size)
{
    while (size > 0) {
        ULONG part = size < 0x10000 ? (ULONG)size : 0x10000;
        /* Callers rely on success and do not check the result. */
        if (!RtlGenRandom(data, part)) {
            abort();
        }
        data += part;
        size -= part;
    }
    return TRUE;
}
