// Hashes and compresses files: SHA-256, SHA-1, CRC, HMAC, AES, gzip, base64, through readers and writers.
//
// In: OUTPUT FILES...  Out: sums on stdout, OUTPUT.gz and its content again in OUTPUT.
package main

import (
	"bufio"
	"compress/gzip"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"hash/fnv"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

func must(err error) {
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
}

func main() {
	if len(os.Args) < 3 {
		os.Exit(2)
	}
	out, err := os.Create(os.Args[1] + ".gz")
	must(err)
	whole := sha256.New()
	gz, err := gzip.NewWriterLevel(io.MultiWriter(out, whole), 6)
	must(err)
	for _, name := range os.Args[2:] {
		f, err := os.Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			fmt.Println(filepath.Base(name), "is missing")
			continue
		}
		must(err)
		sum, crc := sha1.New(), crc32.NewIEEE()
		n, err := io.Copy(io.MultiWriter(gz, sum, crc), bufio.NewReader(f))
		must(err)
		must(f.Close())
		fmt.Printf("%-12s %6d %x %08x\n", name, n, sum.Sum(nil), crc.Sum32())
	}
	h := sha256.New()
	block := make([]byte, 1<<16)
	for i := 0; i < 128; i++ {
		binary.BigEndian.PutUint64(block[i*8:], uint64(i)*0x9e3779b97f4a7c15)
		h.Write(block)
		if i < 16 {
			_, err = gz.Write(block)
			must(err)
		}
	}
	fmt.Println(hex.EncodeToString(h.Sum(nil)))
	must(gz.Close())
	must(out.Close())
	fmt.Printf("gzip %x\n", whole.Sum(nil))

	mac := hmac.New(sha256.New, []byte("key"))
	io.WriteString(mac, "message")
	fmt.Println(base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	key, err := aes.NewCipher([]byte("0123456789abcdef"))
	must(err)
	gcm, err := cipher.NewGCM(key)
	must(err)
	sealed := gcm.Seal(nil, make([]byte, 12), []byte("attack at dawn"), []byte("header"))
	fmt.Printf("%x\n", sealed)
	sealed[3] ^= 1
	_, err = gcm.Open(nil, make([]byte, 12), sealed, []byte("header"))
	fmt.Println(err)
	f64 := fnv.New64a()
	f64.Write(sealed)
	fmt.Printf("%016x\n", f64.Sum64())

	in, err := os.Open(os.Args[1] + ".gz")
	must(err)
	r, err := gzip.NewReader(in)
	must(err)
	copyTo, err := os.OpenFile(os.Args[1], os.O_CREATE|os.O_RDWR|os.O_TRUNC, 0o644)
	must(err)
	n, err := io.Copy(copyTo, r)
	must(err)
	_, err = copyTo.Seek(-5, io.SeekEnd)
	must(err)
	_, err = copyTo.WriteString("tail\n")
	must(err)
	st, err := copyTo.Stat()
	must(err)
	fmt.Println(n, st.Size(), st.Mode().IsRegular())
	must(os.Mkdir(os.Args[1]+".d", 0o755))
	must(os.Rename(os.Args[1], filepath.Join(os.Args[1]+".d", "moved")))
	entries, err := os.ReadDir(os.Args[1] + ".d")
	must(err)
	for _, e := range entries {
		fmt.Println(e.Name(), e.IsDir())
	}
	_, err = os.Stat(os.Args[1])
	fmt.Println(errors.Is(err, fs.ErrNotExist))
}
