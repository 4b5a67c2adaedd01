package sms

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// retrieve reads the verified numbers of every page, or the failure of the first page that cannot be read.
func (client *Client) retrieve(ctx context.Context, j *job) ([]string, *failure) {
	numbers := []string{}
	visited := map[string]bool{}
	address := j.address("/OutgoingCallerIds.json") + "?PageSize=" + strconv.Itoa(contract.Twilio.PageSize)
	for address != "" {
		if len(visited) >= contract.Twilio.MaxPages {
			values := map[string]string{"max": strconv.Itoa(contract.Twilio.MaxPages)}
			return nil, unexpected(fill(contract.Texts.Reason["tooManyPages"], values))
		}
		visited[address] = true
		got := client.exchange(ctx, j, http.MethodGet, address, nil)
		if got.err != nil {
			one := unconnected(got)
			return nil, &one
		}
		if !got.succeeded() {
			one := failureOf(got, contract.Codes.Retrieve)
			return nil, &one
		}
		page := got.object()
		rows, ok := page["outgoing_caller_ids"].([]interface{})
		if !ok {
			return nil, unexpected(contract.Texts.Reason["noList"])
		}
		for _, row := range rows {
			record, _ := row.(map[string]interface{})
			number, ok := record["phone_number"].(string)
			if !ok {
				return nil, unexpected(contract.Texts.Reason["noList"])
			}
			numbers = append(numbers, number)
		}
		next, _ := page["next_page_uri"].(string)
		address = ""
		if next != "" {
			address = j.nextPage(next)
			if address == "" || visited[address] {
				return nil, unexpected(contract.Texts.Reason["elsewhere"])
			}
		}
	}
	return numbers, nil
}

// nextPage is "" where it leads to another host or out of the account. Twilio writes it from its own root, so a prefix
// of urlString is not in it.
func (j *job) nextPage(uri string) string {
	root := strings.Index(j.base.Path, "/2010-04-01/")
	if root > 0 && strings.HasPrefix(uri, "/2010-04-01/") {
		uri = j.base.Path[:root] + uri
	}
	relative, err := url.Parse(uri)
	if err != nil {
		return ""
	}
	next := j.base.ResolveReference(relative)
	within := j.base.Path + j.accountSid + "/"
	if next.Scheme != j.base.Scheme || next.Host != j.base.Host || next.User != nil || !strings.HasPrefix(next.Path, within) {
		return ""
	}
	return next.String()
}

func unexpected(reason string) *failure {
	return &failure{contract.Codes.Internal, fill(contract.Texts.Failure["other"], map[string]string{
		"status": fmt.Sprint(http.StatusOK), "message": reason, "more": "",
	})}
}

func unconnected(got answer) failure {
	code := contract.Codes.Connectivity
	return failure{code, fill(contract.Texts.Failure[code], map[string]string{"message": got.reason()})}
}

// failureOf tells an answer that is no success; codes are those that an HTTP status can be.
func failureOf(got answer, codes []string) failure {
	code := strconv.Itoa(got.status)
	if !contains(codes, code) {
		code = contract.Codes.Internal
		if got.status >= 500 {
			code = contract.Codes.ServerError
		}
	}
	text, own := contract.Texts.Failure[code]
	if !own {
		text = contract.Texts.Failure["other"]
	}
	message, more := got.reason(), ""
	if body := got.refusal(); body != nil {
		message = *body.Message
		if body.MoreInfo != "" {
			more = fill(contract.Texts.More, map[string]string{"url": body.MoreInfo})
		}
	}
	return failure{code, fill(text, map[string]string{
		"message": message, "more": more, "status": strconv.Itoa(got.status),
	})}
}
