// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * answer.c: the life and the status names of what DNS said. Must not know how
 * a question is asked.
 */
#include "target.h"

#include <stdlib.h>

const char *cp_dns_status_name(enum cp_dns_status status)
{
	switch (status) {
	case CP_DNS_OK:
		return "ok";
	case CP_DNS_LITERAL:
		return "literal";
	case CP_DNS_NXDOMAIN:
		return "dns_nxdomain";
	case CP_DNS_NODATA:
		return "dns_nodata";
	case CP_DNS_SERVFAIL:
		return "dns_servfail";
	case CP_DNS_TIMEOUT:
		return "dns_timeout";
	case CP_DNS_REFUSED:
		return "dns_refused";
	case CP_DNS_ERROR:
		break;
	}
	return "dns_error";
}

void cp_answer_free(struct cp_answer *answer)
{
	if (!answer)
		return;
	for (size_t i = 0; i < answer->n_cname; i++)
		free(answer->cname[i]);
	free(answer->cname);
	free(answer->addrs);
	*answer = (struct cp_answer){0};
}
