// The reference: sigstore-go as a library, with the policy of its own conformance client, over many bundles in one
// process.
//
//	oracle                            jobs on standard input, one answer a line on standard output
//	oracle --bench N JOB              the one job N times; prints microseconds a verification, by the clock and of processors
//
// A job is one line of eight fields with tabs between: name, bundle, trusted root, artifact (a file or ALGORITHM:HEX),
// key, identity, issuer, and a note for others. Files are paths; "-" says that there is none. The answer repeats the name, then
// "accepted" or "rejected", then what the library said. A trusted root that cannot be read is a rejection, too.
package main

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"
)

const fields = 8

type job struct {
	name, bundle, root, artifact, key, identity, issuer string
}

func parseJob(line string) (job, error) {
	f := strings.Split(line, "\t")
	if len(f) != fields {
		return job{}, fmt.Errorf("want %d fields, there are %d: %q", fields, len(f), line)
	}
	for i := range f {
		if f[i] == "-" {
			f[i] = ""
		}
	}
	return job{f[0], f[1], f[2], f[3], f[4], f[5], f[6]}, nil
}

// Roots and keys are read once: thousands of jobs share them.
type cache struct {
	roots map[string]root.TrustedMaterial
	wrong map[string]error
}

func (c *cache) trustedRoot(path string) (root.TrustedMaterial, error) {
	if found, ok := c.roots[path]; ok {
		return found, nil
	}
	if err, ok := c.wrong[path]; ok {
		return nil, err
	}
	made, err := root.NewTrustedRootFromPath(path)
	if err != nil {
		c.wrong[path] = fmt.Errorf("trusted root: %w", err)
		return nil, c.wrong[path]
	}
	c.roots[path] = made
	return made, nil
}

func keyMaterial(path string) (root.TrustedMaterial, error) {
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	key, err := cryptoutils.UnmarshalPEMToPublicKey(pem)
	if err != nil {
		return nil, err
	}
	verifier, err := signature.LoadDefaultVerifier(key)
	if err != nil {
		return nil, err
	}
	forever := root.NewExpiringKey(verifier, time.Time{}, time.Time{})
	return root.NewTrustedPublicKeyMaterial(func(string) (root.TimeConstrainedVerifier, error) {
		return forever, nil
	}), nil
}

func artifact(name string) (verify.ArtifactPolicyOption, func(), error) {
	if algorithm, digits, ok := strings.Cut(name, ":"); ok {
		digest, err := hex.DecodeString(digits)
		return verify.WithArtifactDigest(algorithm, digest), func() {}, err
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, nil, err
	}
	return verify.WithArtifact(file), func() { file.Close() }, nil
}

// One log entry where the root lists logs, its time where it promises inclusion, one timestamp where there is one
// that could be checked, one certificate timestamp for certificates.
func options(b *bundle.Bundle, material root.TrustedMaterial, keyed bool) ([]verify.VerifierOption, error) {
	var chosen []verify.VerifierOption
	if !keyed {
		chosen = append(chosen, verify.WithSignedCertificateTimestamps(1))
	}
	stamps, err := b.Timestamps()
	if err != nil {
		return nil, err
	}
	if len(material.TimestampingAuthorities()) > 0 && len(stamps) > 0 {
		chosen = append(chosen, verify.WithSignedTimestamps(1))
	}
	if len(material.RekorLogs()) > 0 {
		chosen = append(chosen, verify.WithTransparencyLog(1))
		if b.HasInclusionPromise() {
			chosen = append(chosen, verify.WithIntegratedTimestamps(1))
		}
	}
	return chosen, nil
}

func identity(j job) ([]verify.PolicyOption, error) {
	if j.key != "" {
		return []verify.PolicyOption{verify.WithKey()}, nil
	}
	if j.identity == "" || j.issuer == "" {
		return nil, errors.New("the job has neither key nor identity and issuer")
	}
	wanted, err := verify.NewShortCertificateIdentity(j.issuer, "", j.identity, "")
	return []verify.PolicyOption{verify.WithCertificateIdentity(wanted)}, err
}

func (c *cache) material(j job) (root.TrustedMaterial, error) {
	trusted, err := c.trustedRoot(j.root)
	if err != nil || j.key == "" {
		return trusted, err
	}
	keys, err := keyMaterial(j.key)
	return root.TrustedMaterialCollection{keys, trusted}, err
}

func judge(j job, material root.TrustedMaterial) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	b, err := bundle.LoadJSONFromPath(j.bundle)
	if err != nil {
		return err
	}
	what, closeArtifact, err := artifact(j.artifact)
	if err != nil {
		return err
	}
	defer closeArtifact()
	who, err := identity(j)
	if err != nil {
		return err
	}
	chosen, err := options(b, material, j.key != "")
	if err != nil {
		return err
	}
	verifier, err := verify.NewVerifier(material, chosen...)
	if err != nil {
		return err
	}
	_, err = verifier.Verify(b, verify.NewPolicy(what, who...))
	return err
}

func (c *cache) answer(j job) string {
	material, err := c.material(j)
	if err == nil {
		err = judge(j, material)
	}
	if err == nil {
		return j.name + "\taccepted\t"
	}
	return j.name + "\trejected\t" + strings.Join(strings.Fields(err.Error()), " ")
}

func answerAll(c *cache) error {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	for in.Scan() {
		j, err := parseJob(in.Text())
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintln(out, c.answer(j)); err != nil {
			return err
		}
	}
	if err := in.Err(); err != nil {
		return err
	}
	return out.Flush()
}

// processors is the time that processors have spent on this process.
func processors() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		log.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// The trusted root is read once, as servers do; the bundle is read and parsed each time.
func bench(c *cache, times, line string) error {
	n, err := strconv.Atoi(times)
	if err != nil {
		return err
	}
	j, err := parseJob(line)
	if err != nil {
		return err
	}
	material, err := c.material(j)
	if err != nil {
		return err
	}
	start, busy := time.Now(), processors()
	for range n {
		if err := judge(j, material); err != nil {
			return err
		}
	}
	each := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 / float64(n) }
	fmt.Printf("%.1f %.1f\n", each(time.Since(start)), each(processors()-busy))
	return nil
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("oracle: ")
	c := &cache{map[string]root.TrustedMaterial{}, map[string]error{}}
	var err error
	switch {
	case len(os.Args) == 1:
		err = answerAll(c)
	case len(os.Args) == 4 && os.Args[1] == "--bench":
		err = bench(c, os.Args[2], os.Args[3])
	default:
		err = errors.New("usage: oracle [--bench N JOB]")
	}
	if err != nil {
		log.Fatal(err)
	}
}
