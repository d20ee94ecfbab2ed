package cloudflow

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/flowreaper/flowreaper/internal/duration"
)

// networkFailure is an attempt without an answer. Refused, reset and silent
// connections are tried again. A name that does not exist and a certificate
// that does not fit are fatal: they mean a wrong endpoint, or something between
// here and there that must not be spoken to, and no retry mends them.
func (c *Client) networkFailure(attempt, caller context.Context, r request, err error) *failure {
	e := &Error{Operation: r.operation, Class: Retry, MaybeDone: !neverLeft(err)}
	switch {
	case caller.Err() != nil:
		e.Err = contextError(caller)
		return &failure{Error: e, final: true}
	case attempt.Err() != nil:
		e.Unanswered, e.Err = true, fmt.Errorf("%w (%s)", errNoAnswer, duration.Format(r.timeout))
		return &failure{Error: e}
	case wrongPlace(err):
		e.Class = Fatal
	}
	e.Err = c.redact.err(err)
	return &failure{Error: e}
}

// neverLeft says whether no byte of the request can have reached the server:
// there was no connection to send it on.
func neverLeft(err error) bool {
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return true
	}
	_, noName := errors.AsType[*net.DNSError](err)
	return noName || wrongCertificate(err)
}

func wrongPlace(err error) bool {
	dns, ok := errors.AsType[*net.DNSError](err)
	return (ok && dns.IsNotFound) || wrongCertificate(err)
}

// wrongCertificate says whether TLS failed for good: an untrusted or foreign
// certificate, or an endpoint that does not speak TLS.
func wrongCertificate(err error) bool {
	_, verification := errors.AsType[*tls.CertificateVerificationError](err)
	_, authority := errors.AsType[x509.UnknownAuthorityError](err)
	_, hostname := errors.AsType[x509.HostnameError](err)
	_, invalid := errors.AsType[x509.CertificateInvalidError](err)
	_, noTLS := errors.AsType[tls.RecordHeaderError](err)
	return verification || authority || hostname || invalid || noTLS || errors.Is(err, http.ErrSchemeMismatch)
}

// unreadable is a success whose answer could not be read. A torn one is asked
// for again; one that says something else than it should, or too much, fails
// the operation: it would say the same again. Either way the server has done
// what it was asked.
func (c *Client) unreadable(attempt, caller context.Context, r request, x *exchange, body *cappedReader, err error) *failure {
	e := &Error{
		Operation: r.operation, HTTPStatus: x.answer.StatusCode, RequestID: c.redact.short(x.answer.Header.Get(requestIDHeader), longestName),
		Class: Retry, MaybeDone: true,
	}
	_, shape := errors.AsType[*shapeError](err)
	switch {
	case caller.Err() != nil:
		e.Err = contextError(caller)
		return &failure{Error: e, final: true}
	case attempt.Err() != nil:
		e.Unanswered, err = true, fmt.Errorf("%w (%s)", errNoAnswer, duration.Format(r.timeout))
	case errors.Is(body.err, errTooLong):
		e.Class, err = Operation, body.err
	case shape:
		e.Class = Operation
	default:
		e.Message = "the answer is torn, or not JSON"
	}
	e.Err = c.redact.err(err)
	return &failure{Error: e}
}
