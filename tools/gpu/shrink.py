"""Leaves the device code of some GPU generations in a CUDA library and fills that of others with zeros, so that it compresses to a fifth:

    shrink.py LIBRARY RESULT 90 [86 …]

A fat binary begins with the magic number 0xBA55ED50, its version and the sizes of its header and of its entries. An entry has its kind at 0 (1 PTX,
2 machine code), the size of its header at 4, that of its code at 8 and the generation at 28.
"""
import struct
import sys
from collections import Counter

MAGIC = struct.pack("<I", 0xBA55ED50)


def entries(library: bytes):
    """Generation, begin and end of the code of each entry."""
    at = library.find(MAGIC)
    while at >= 0:
        version, header, size = struct.unpack_from("<HHQ", library, at + 4)
        if version == 1 and header == 16 and at + header + size <= len(library):
            entry, end = at + header, at + header + size
            while entry < end:
                head, code = struct.unpack_from("<IQ", library, entry + 4)
                if not 32 <= head <= 4096 or entry + head + code > end:
                    raise SystemExit(f"the entry at {entry:#x} is not understood")
                yield struct.unpack_from("<I", library, entry + 28)[0], entry + head, entry + head + code
                entry += head + code
        at = library.find(MAGIC, at + 4)


source, result, *generations = sys.argv[1:]
kept = {int(generation) for generation in generations}
with open(source, "rb") as file:
    library = bytearray(file.read())
sizes = Counter()
for generation, begin, end in list(entries(bytes(library))):
    sizes[generation] += end - begin
    if generation not in kept:
        library[begin:end] = bytes(end - begin)
missing = kept - set(sizes)
if missing:
    raise SystemExit(f"the library has no code for sm_{', sm_'.join(map(str, sorted(missing)))}; it has sm_{', sm_'.join(map(str, sorted(sizes)))}")
with open(result, "wb") as file:
    file.write(library)
print(", ".join(f"sm_{generation} {size / 1e6:.1f} MB{'' if generation in kept else ' left out'}" for generation, size in sorted(sizes.items())))
