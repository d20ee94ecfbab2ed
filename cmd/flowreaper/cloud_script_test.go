package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/flowreaper/flowreaper/internal/emulator"
)

// serveCloud makes the region cn-hangzhou of a cloud that a script reaches by its real
// names, through a proxy: the emulator that emulate has started, and a Security
// Token Service that answers with the text of a file, or refuses without one.
func serveCloud(ts *testscript.TestScript, _ bool, args []string) {
	server := ts.Value(emulated{}).(map[string]*emulator.Server)[ts.Name()]
	certificate, root := selfSigned(ts, "cn-hangzhou.fnf.aliyuncs.com", "sts.cn-hangzhou.aliyuncs.com")
	services := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !strings.HasPrefix(r.Host, "sts."):
			server.ServeHTTP(w, r)
		case len(args) > 0:
			_, _ = io.WriteString(w, ts.ReadFile(args[0]))
		default:
			http.Error(w, `{"Code":"Forbidden","Message":"no"}`, http.StatusForbidden)
		}
	}))
	services.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	services.StartTLS()
	ts.Defer(services.Close)
	proxy := httptest.NewServer(tunnel(services.Listener.Addr().String()))
	ts.Defer(proxy.Close)
	file := ts.MkAbs("root.pem")
	ts.Check(os.WriteFile(file, root, 0o666))
	ts.Setenv("SSL_CERT_FILE", file)
	ts.Setenv("HTTPS_PROXY", proxy.URL)
}

// tunnel is a proxy that leads everybody to one address.
func tunnel(to string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		there, err := net.Dial("tcp", to)
		if r.Method != http.MethodConnect || err != nil {
			http.Error(w, "no", http.StatusBadGateway)
			return
		}
		here, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			there.Close()
			return
		}
		_, _ = io.WriteString(here, "HTTP/1.1 200 Connection established\r\n\r\n")
		go func() { defer there.Close(); _, _ = io.Copy(there, here) }()
		go func() { defer here.Close(); _, _ = io.Copy(here, there) }()
	})
}

func selfSigned(ts *testscript.TestScript, names ...string) (tls.Certificate, []byte) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ts.Check(err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: names, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	ts.Check(err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}
