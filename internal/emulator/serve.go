package emulator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/flowreaper/flowreaper/internal/emulator/account"
)

// ServeHTTP answers the API at /, and what tests and people ask of the
// emulator itself beneath /_emulator/.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/":
		s.serveAPI(w, r)
	case "/_emulator/stats":
		s.serveStats(w, r)
	case "/_emulator/faults":
		s.serveFaults(w, r)
	default:
		http.Error(w, "This is an emulated CloudFlow: its API is at /, its statistics at /_emulator/stats, its faults at /_emulator/faults.", http.StatusNotFound)
	}
}

func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request) {
	reply := s.answer(r.Context(), r)
	if reply.reset {
		reset(w)
	}
	for name, value := range s.headers(reply) {
		w.Header().Set(name, value)
	}
	w.WriteHeader(reply.status)
	if reply.torn {
		w.Write(reply.body[:len(reply.body)/2])
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	w.Write(reply.body) // an error is the caller's, who has gone
}

// headers carry the emulator's own clock.
func (s *Server) headers(r reply) map[string]string {
	headers := map[string]string{
		"Date":           s.Now().Format(http.TimeFormat),
		"Content-Length": strconv.Itoa(len(r.body)),
	}
	if r.contentType != "" {
		headers["Content-Type"] = r.contentType
	}
	if r.requestID != "" {
		headers["X-Acs-Request-Id"] = r.requestID
	}
	return headers
}

// reset breaks the connection; it doesn't return.
func reset(w http.ResponseWriter) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		if tcp, ok := conn.(*net.TCPConn); ok {
			tcp.SetLinger(0) // so that Close sends RST
		}
		conn.Close()
	}
	panic(http.ErrAbortHandler)
}

func (s *Server) serveStats(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		http.Error(w, "GET /_emulator/stats", http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(s.Stats())
}

func (s *Server) serveFaults(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodDelete:
		s.ClearFaults()
	case http.MethodPost:
		text, err := io.ReadAll(io.LimitReader(r.Body, maxEntity))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		faults, err := account.ParseFaults("faults", text)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		s.AddFaults(faults...)
	default:
		http.Error(w, "POST or DELETE /_emulator/faults", http.StatusMethodNotAllowed)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// Listen listens on a loopback address. It refuses any other: the emulator
// takes whatever it is told for an account's truth, and is nobody else's
// business.
func Listen(address string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("%q is not an address such as 127.0.0.1:8790: %w", address, err)
	}
	ip := net.ParseIP(host)
	if host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("the emulator listens on loopback only, and %q is not: use 127.0.0.1, ::1 or localhost", host)
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	if !listener.Addr().(*net.TCPAddr).IP.IsLoopback() {
		listener.Close()
		return nil, fmt.Errorf("the emulator listens on loopback only, and localhost is %s here: use 127.0.0.1", listener.Addr())
	}
	return listener, nil
}

// Serve serves until ctx ends, and then ends what is still being answered. It
// closes the listener.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 10 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	// Long polls end with ctx; whoever hasn't read its answer a second later won't.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if err := server.Shutdown(last); errors.Is(err, context.DeadlineExceeded) {
		return server.Close()
	} else {
		return err
	}
}
