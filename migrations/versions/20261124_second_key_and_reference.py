"""a second signing key beside the first, own words for a campaign's request for a reference, workers that are at work"""

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'


def upgrade() -> None:
    op.create_table('worker_presence',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('worker', sa.String(length=120), nullable=False),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_worker_presence')),
    sa.UniqueConstraint('worker', name=op.f('uq_worker_presence_worker'))
    )
    with op.batch_alter_table('mail_sender', schema=None) as batch_op:
        batch_op.add_column(sa.Column('dkim_next_selector', sa.String(length=40), server_default='', nullable=False))
        batch_op.add_column(sa.Column('dkim_next_private_key', sa.Text(), server_default='', nullable=False))
        batch_op.add_column(sa.Column('dkim_next_public_key', sa.Text(), server_default='', nullable=False))

    with op.batch_alter_table('campaign_wording', schema=None) as batch_op:
        batch_op.add_column(sa.Column('reference_subject', sa.String(length=320), server_default='', nullable=False))
        batch_op.add_column(sa.Column('reference_intro', sa.Text(), server_default='', nullable=False))
