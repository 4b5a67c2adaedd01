// Package sms carries out the activity: it sends texts and reads verified recipients straight from Twilio, or from
// whatever speaks Twilio's dialect at urlString. It writes no log.
package sms

import (
	"context"
	"strings"
)

// Run takes the seven inputs and legacyCodes. It never fails: what went wrong is told in the output. When ctx ends, recipients that were not begun are left out;
// a request that left is waited for, at most 30 s, as its answer is what proves that it was sent.
func (client *Client) Run(ctx context.Context, inputs map[string]interface{}) Output {
	j, answer := check(inputs)
	if answer != nil {
		return *answer
	}
	if j.method == "send" {
		return j.sent(client.sendAll(ctx, j))
	}
	numbers, failed := client.retrieve(ctx, j)
	if failed == nil {
		return Output{StatusCode: contract.Codes.Success, Status: contract.Statuses.Success, Message: strings.Join(numbers, ",")}
	}
	if j.legacyCodes {
		failed.code = contract.Codes.Legacy.Retrieve
	}
	return *refusal(failed.code, failed.text)
}

func (j *job) sent(outcomes []outcome) Output {
	by := map[verdict][]outcome{}
	for _, one := range outcomes {
		by[one.verdict] = append(by[one.verdict], one)
	}
	failedNumbers := ""
	for _, one := range by[refused] {
		failedNumbers += one.to + ":"
	}
	if len(by[unsure]) > 0 {
		return Output{contract.Codes.Internal, contract.Statuses.Failed, unsureText(by), failedNumbers}
	}
	if len(by[refused]) == 0 {
		message := fill(contract.Texts.Sent, map[string]string{"to": j.to})
		return Output{StatusCode: contract.Codes.Success, Status: contract.Statuses.Success, Message: message}
	}
	if len(by[taken]) > 0 {
		return Output{contract.Codes.Partial, contract.Statuses.Partial, failuresText(by[refused]), failedNumbers}
	}
	code := firstCode(by[refused])
	message := noneText(code, by[refused])
	if j.legacyCodes {
		code = legacyCode(code)
	}
	return Output{code, contract.Statuses.Failed, message, failedNumbers}
}

func firstCode(failed []outcome) string {
	for _, code := range contract.Codes.Order {
		for _, one := range failed {
			if one.failure.code == code {
				return code
			}
		}
	}
	return contract.Codes.Internal
}

func legacyCode(code string) string {
	if contains(contract.Codes.Legacy.ConcernsAll, code) {
		return contract.Codes.Legacy.First
	}
	return contract.Codes.Legacy.Other
}

func allAlike(failed []outcome) bool {
	for _, one := range failed {
		if one.failure.text != failed[0].failure.text {
			return false
		}
	}
	return true
}

// failuresText has each in input order, as failedNumbers has them; what all have alike is told once.
func failuresText(failed []outcome) string {
	if allAlike(failed) {
		failed = failed[:1]
	}
	text := ""
	for _, one := range failed {
		text += one.failure.text + contract.Texts.FailureEnd
	}
	return text
}

// noneText tells what concerns the whole request as the original tells it: without an end.
func noneText(code string, failed []outcome) string {
	if allAlike(failed) && contains(contract.Codes.Legacy.ConcernsAll, code) {
		return failed[0].failure.text
	}
	return failuresText(failed)
}

func unsureText(by map[verdict][]outcome) string {
	reasons := []string{}
	for _, one := range by[unsure] {
		if !contains(reasons, one.reason) {
			reasons = append(reasons, one.reason)
		}
	}
	return fill(contract.Texts.Unsure, map[string]string{
		"unsure":  listOf(by[unsure], item),
		"taken":   listOf(by[taken], item),
		"failed":  listOf(by[refused], itemFailed),
		"reasons": strings.Join(reasons, " "),
	})
}

func listOf(outcomes []outcome, text func(outcome) string) string {
	if len(outcomes) == 0 {
		return contract.Texts.None
	}
	items := make([]string, len(outcomes))
	for place, one := range outcomes {
		items[place] = text(one)
	}
	return strings.Join(items, contract.Texts.Between)
}

func item(one outcome) string {
	if one.sid == "" {
		at := one.at.UTC().Format("2006-01-02T15:04:05.000Z07:00")
		return fill(contract.Texts.ItemAt, map[string]string{"to": one.to, "at": at})
	}
	return fill(contract.Texts.Item, map[string]string{"to": one.to, "id": one.sid})
}

func itemFailed(one outcome) string {
	return fill(contract.Texts.ItemFailed, map[string]string{"to": one.to, "text": one.failure.text})
}
