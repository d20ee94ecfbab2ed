package emulator

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
)

// Call answers a request in memory: a Server is an HttpClient of the
// darabonba transport. Where a connection would break, it returns the error
// that an [http.Client] would.
func (s *Server) Call(request *http.Request, _ *http.Transport) (*http.Response, error) {
	if request.Body != nil {
		defer request.Body.Close()
	}
	ctx := request.Context()
	if err := ctx.Err(); err != nil {
		return nil, callError(request, err)
	}
	reply := s.answer(ctx, request)
	if err := ctx.Err(); err != nil {
		return nil, callError(request, err)
	}
	if reply.reset {
		return nil, callError(request, &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)})
	}
	response := &http.Response{
		Status:        fmt.Sprintf("%d %s", reply.status, http.StatusText(reply.status)),
		StatusCode:    reply.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        http.Header{},
		Body:          io.NopCloser(bytes.NewReader(reply.body)),
		ContentLength: int64(len(reply.body)),
		Request:       request,
	}
	if reply.torn {
		response.Body = io.NopCloser(io.MultiReader(bytes.NewReader(reply.body[:len(reply.body)/2]), tornReader{}))
	}
	for name, value := range s.headers(reply) {
		response.Header.Set(name, value)
	}
	return response, nil
}

func callError(request *http.Request, err error) error {
	method := cmp.Or(request.Method, http.MethodGet)
	method = method[:1] + strings.ToLower(method[1:]) // as net/http words it
	return &url.Error{Op: method, URL: request.URL.String(), Err: err}
}

// tornReader is the end of a body that was cut off.
type tornReader struct{}

func (tornReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
